using CsCheck;
using Distil.Fuzzing;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Tests.Training.Rows;

public sealed class RowOrderTests
{
    private static readonly Gen<(long[] Shards, int Batch, int Accumulation, int Seed)> Cases =
        Gen.Select(Gen.Long[0, 40].Array[1, 6], Gen.Int[1, 9], Gen.Int[1, 4], Gen.Int).Where(item => item.Item1.Sum() > 0);

    [Fact]
    public void Takes_every_row_of_every_shard_once_an_epoch() => Cases.Each(item =>
    {
        var rows = Order(item).Steps(2, 0).SelectMany(step => step).SelectMany(part => part.Rows.Select(row => (part.Shard, row))).ToArray();
        var expected = item.Shards.SelectMany((count, shard) => Enumerable.Range(0, (int)count).Select(row => (shard, (long)row)));
        Assert.Equal(expected, rows.Order());
    });

    [Fact]
    public void Gives_full_steps_but_for_the_last_and_no_micro_batch_above_the_batch_size() => Cases.Each(item =>
    {
        var order = Order(item);
        var steps = order.Steps(0, 0).ToArray();
        Assert.Equal(order.StepsPerEpoch, steps.Length);
        Assert.All(steps[..^1], step => Assert.Equal(item.Batch * item.Accumulation, step.Sum(part => part.Rows.Length)));
        Assert.All(steps.SelectMany(step => step), part => Assert.InRange(part.Rows.Length, 1, item.Batch));
    });

    [Fact]
    public void Goes_on_from_any_step_as_it_would_have() => Cases.Each(item =>
    {
        var order = Order(item);
        var whole = order.Steps(1, 0).Select(Text).ToArray();
        for (var step = 0; step <= whole.Length; step++)
        {
            Assert.Equal(whole[step..], order.Steps(1, step).Select(Text));
        }
    });

    [Fact]
    public void Says_which_shards_the_steps_from_any_one_on_use() => Cases.Each(item =>
    {
        var order = Order(item);
        for (var step = 0; step <= order.StepsPerEpoch; step++)
        {
            Assert.Equal(order.Steps(1, step).SelectMany(parts => parts).Select(part => part.Shard).Distinct(), order.Shards(1, step));
        }
    });

    [Fact]
    public void Differs_between_epochs_and_seeds()
    {
        string Of(int seed, int epoch) => string.Join(";", new RowOrder(seed, [50, 50], 8, 1).Steps(epoch, 0).Select(Text));
        Assert.Equal(4, new[] { Of(1, 0), Of(1, 1), Of(2, 0), Of(2, 1) }.Distinct().Count());
    }

    [Fact]
    public void Is_the_same_on_every_machine() =>
        Assert.Equal("0:3,0,1,4 0:5,2+1:1,0 1:3,2", string.Join(" ", new RowOrder(1, [6, 4], 4, 1).Steps(0, 0).Select(Text)));

    private static RowOrder Order((long[] Shards, int Batch, int Accumulation, int Seed) item) => new(item.Seed, item.Shards, item.Batch, item.Accumulation);

    private static string Text(IReadOnlyList<MicroBatch> step) => string.Join("+", step.Select(part => $"{part.Shard}:{string.Join(",", part.Rows)}"));
}
