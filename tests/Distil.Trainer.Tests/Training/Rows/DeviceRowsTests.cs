using Distil.Core.Errors;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Rows;

public sealed class DeviceRowsTests
{
    [Fact]
    public void Cuts_a_stream_into_full_rows()
    {
        using var rows = new DeviceRows([0, 1, 2, 3, 4, 5, 6], contextLength: 3, CPU);
        Assert.Equal([2L], rows.RowsOfShards);
        using var batch = rows.Read(new MicroBatch(0, [1, 0]))[0];
        Assert.Equal([3, 4, 5, 0, 1, 2], batch.InputIds.data<long>());
        Assert.Equal((2, 6, 4), (batch.Rows, batch.Tokens, batch.Labels));
    }

    [Fact]
    public void A_text_shorter_than_a_row_is_refused() =>
        Assert.Equal("the text has 2 tokens; a row needs 3", Assert.Throws<InvalidInputException>(() => new DeviceRows([1, 2], 3, CPU)).Message);
}
