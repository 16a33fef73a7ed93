using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Torch;

public sealed class TensorRecordTests
{
    [Fact]
    public void Lists_the_tensors_of_a_record_in_the_order_of_its_parameters_and_builds_it_again()
    {
        using var scope = NewDisposeScope();
        var record = new Outer(zeros(1), new(zeros(2), zeros(3)), zeros(4));
        var flat = TensorRecord.Flatten(record);
        Assert.Equal([1L, 2, 3, 4], flat.Select(tensor => tensor.shape[0]));
        var again = TensorRecord.Build<Outer>(flat);
        Assert.Same(record.First, again.First);
        Assert.Same(record.Inner.B, again.Inner.B);
        Assert.Same(record.Last, again.Last);
    }

    [Fact]
    public void A_tensor_is_a_list_of_one()
    {
        using var tensor = zeros(1);
        Assert.Same(tensor, Assert.Single(TensorRecord.Flatten(tensor)));
        Assert.Same(tensor, TensorRecord.Build<Tensor>([tensor]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Refuses_a_list_of_another_length(int count)
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => TensorRecord.Build<Pair>([.. Enumerable.Range(0, count).Select(_ => zeros(1))]));
    }

    private sealed record Pair(Tensor A, Tensor B);

    private sealed record Outer(Tensor First, Pair Inner, Tensor Last);
}
