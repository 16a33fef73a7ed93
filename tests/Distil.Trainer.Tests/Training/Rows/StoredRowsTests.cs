using Distil.Trainer.Datasets;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Rows;

public sealed class StoredRowsTests
{
    [Fact]
    public void Reads_the_rows_asked_for_in_their_order_and_says_how_long_each_is()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new TokenRowsWriter(folder["rows"], contextLength: 3, vocabularySize: 100))
        {
            writer.WriteRow([1, 2, 3]);
            writer.WriteRow([4, 5, 6]);
            writer.WriteRow([7]);
            writer.Complete();
        }

        using var file = TokenRows.Open(folder["rows"]);
        var rows = new StoredRows([file], CPU);
        Assert.Equal([3L], rows.RowsOfShards);

        using var batch = rows.Read(new MicroBatch(0, [2, 0]));
        Assert.Equal([7, 0, 0, 1, 2, 3], batch.InputIds.data<long>());
        Assert.Equal([1, 3], batch.Lengths!.data<long>());
        Assert.Equal((2, 4, 2), (batch.Rows, batch.Tokens, batch.Labels));

        using var full = rows.Read(new MicroBatch(0, [1, 0]));
        Assert.Null(full.Lengths);
    }
}
