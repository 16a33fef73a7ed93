using Distil.Core.Jobs;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Ranks;

/// <summary>Sums over shared memory; here the processes are threads.</summary>
public sealed class SharedMemoryGroupTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    private string SharedFile => Path.Combine(_folder.FullName, "sums");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1000)]
    [InlineData(3, 700_000)] // several pieces
    public void Every_process_gets_the_sums_in_the_order_of_the_processes(int count, int length)
    {
        using var scope = NewDisposeScope();
        var values = Enumerable.Range(0, count).Select(_ => randn(length)).ToArray();
        var expected = values[0].clone();
        foreach (var other in values.Skip(1))
        {
            expected.add_(other);
        }

        InEach(count, new RankWatch(), group => group.Sum(values[group.Rank]));

        Assert.All(values, each => Assert.True(each.bytes.SequenceEqual(expected.bytes)));
    }

    [Fact]
    public void Sums_of_doubles_stay_doubles_and_a_call_follows_another()
    {
        using var scope = NewDisposeScope();
        Tensor[] values = [tensor(new[] { 1.0, 1e-17 }), tensor(new[] { 2.0, 3e-17 })];
        InEach(2, new RankWatch(), group =>
        {
            for (var call = 0; call < 100; call++)
            {
                group.Sum(values[group.Rank]); // doubles them after the first call
            }
        });
        var doubled = Math.Pow(2, 99);
        Assert.All(values, each => Assert.Equal([3 * doubled, (1e-17 + 3e-17) * doubled], each.data<double>().ToArray()));
    }

    [Fact]
    public void Broadcast_gives_each_value_of_its_owner()
    {
        using var scope = NewDisposeScope();
        var values = Enumerable.Range(0, 3).Select(rank => new[] { full([300_000], rank + 7f), full([2], rank + 7f) }).ToArray();
        InEach(3, new RankWatch(), group => group.Broadcast([0, 2], values[group.Rank]));
        Assert.All(values, each => Assert.Equal((7f, 7f, 9f), (each[0][0].item<float>(), each[0][-1].item<float>(), each[1][1].item<float>())));
    }

    [Fact]
    public void SumTo_gives_each_sum_to_its_owner()
    {
        using var scope = NewDisposeScope();
        var values = Enumerable.Range(0, 3).Select(rank => new[] { full([300_000], rank + 7f), full([2], rank + 1f) }).ToArray();
        InEach(3, new RankWatch(), group => group.SumTo([2, 1], values[group.Rank]));
        Assert.Equal((24f, 24f, 6f), (values[2][0][0].item<float>(), values[2][0][-1].item<float>(), values[1][1][1].item<float>()));
    }

    [Fact]
    public void A_wait_for_a_process_that_has_ended_throws_its_failure()
    {
        var watch = new RankWatch();
        using var group = new SharedMemoryGroup(SharedFile, 0, 2, watch);
        using var values = zeros(3);
        var waiting = Task.Run(() => group.Sum(values), TestContext.Current.CancellationToken);
        watch.Lose(new(FailureClass.OutOfMemory, "gone"));
        watch.Lose(new(FailureClass.Transient, "a consequence"));
        var lost = Assert.Throws<RankLostException>(() => waiting.GetAwaiter().GetResult());
        Assert.Equal(new JobFailure(FailureClass.OutOfMemory, "gone"), lost.Failure);
        Assert.Throws<RankLostException>(group.ThrowIfLost);
    }

    private void InEach(int count, RankWatch watch, Action<IRankGroup> action) => RankThreads.InEach(SharedFile, count, watch, action);
}
