using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Ranks;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Optimizers;

/// <summary>Processes that divide the optimiser's state among them update as if each had all of it.</summary>
public sealed class ShardedAdamWTests : IDisposable
{
    private static readonly long[][] Shapes = [[3, 4], [70_001], [1], [200, 300], [5], [2, 2, 2]];

    private readonly TemporaryFolder _folder = new();
    private int _groups;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_step_gives_the_same_bytes_as_with_the_whole_state_in_each(int processes)
    {
        using var pause = NoGcRegion.Begin();
        var whole = Train(processes, shardFrom: long.MaxValue);
        var sharded = Train(processes, shardFrom: 0);
        Assert.All(sharded, each => Assert.Equal(whole[0].Norms, each.Norms));
        Assert.All(sharded, each => Assert.Equal(whole[0].Parameters, each.Parameters));
        Assert.Equal(whole[0].State, sharded[0].State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Its_checkpoint_is_one_and_the_same_and_any_number_of_processes_goes_on_from_it(int processes)
    {
        using var pause = NoGcRegion.Begin();
        var expected = Train(1, long.MaxValue, gradientsOf: 1, steps: 6);
        Train(3, shardFrom: 0, gradientsOf: 1, steps: 3);
        Assert.Equal(expected[0].Parameters, Train(processes, shardFrom: 0, gradientsOf: 1, from: 3, steps: 6)[0].Parameters);
    }

    [Fact]
    public void The_whole_state_is_not_to_be_had_before_it_is_gathered()
    {
        using var pause = NoGcRegion.Begin();
        RankThreads.InEach(_folder["early"], 2, new RankWatch(), group =>
        {
            using var scope = NewDisposeScope();
            using var optimizer = new AdamW(Parameters(), new() { ShardFrom = 0 }, ranks: group);
            Assert.Throws<InvalidOperationException>(() => optimizer.State().ToList());
            Assert.Throws<InvalidOperationException>(() => optimizer.Weights);
        });
    }

    [Theory]
    [InlineData("10 10 10 10", 2, "0 0 1 1")]
    [InlineData("100 1 1 1", 2, "0 1 1 1")]
    [InlineData("1 1 1 100", 2, "0 0 0 1")]
    [InlineData("1 1 1", 3, "0 1 2")]
    [InlineData("1 1 100 1 1", 4, "0 0 1 2 3")]
    [InlineData("5 5 5 5 5 5 5 5 5", 3, "0 0 0 1 1 1 2 2 2")]
    public void Each_process_has_a_run_of_parameters_of_about_the_same_size(string sizes, int processes, string owners) =>
        Assert.Equal(owners, string.Join(' ', OptimizerShards.Divide([.. sizes.Split(' ').Select(long.Parse)], processes)));

    /// <summary>Trains in each of some processes, from a checkpoint if one was saved before, and saves one in process 0.</summary>
    /// <param name="processes">Number of processes.</param>
    /// <param name="shardFrom">Elements from which they divide the state.</param>
    /// <param name="gradientsOf">Number of processes that have gradients; others have no micro-batch.</param>
    /// <param name="from">Step to resume at; 0 to begin.</param>
    /// <param name="steps">Step to end at.</param>
    private Trained[] Train(int processes, long shardFrom, int gradientsOf = 3, int from = 0, int steps = 4)
    {
        var trained = new Trained[processes];
        void In(IRankGroup group)
        {
            using var scope = NewDisposeScope();
            var parameters = Parameters();
            using var optimizer = new AdamW(parameters, new() { WeightDecay = 0.1, ShardFrom = shardFrom, Factor = new([parameters[1], parameters[4]], 3) }, ranks: group);
            Assert.Equal(shardFrom == 0 && processes > 1, optimizer.IsSharded);
            if (from > 0)
            {
                optimizer.Load(_folder["weights"], _folder["state"]);
            }

            var norms = new List<float>();
            for (var step = from; step < steps; step++)
            {
                for (var i = 0; i < parameters.Count && group.Rank < gradientsOf; i++)
                {
                    parameters[i].Value.grad = Drawn(Shapes[i], 1000 * group.Rank + 10 * step + i);
                }

                norms.Add(optimizer.Step(0.01, maximumNorm: 100).item<float>());
            }

            optimizer.Gather();
            if (group.Rank == 0)
            {
                SafetensorsWriter.Write(_folder["weights"], optimizer.Weights.Select(weight => KeyValuePair.Create(weight.Name, weight.Value)));
                SafetensorsWriter.Write(_folder["state"], optimizer.State());
            }

            trained[group.Rank] = new(norms, Bytes(parameters.Select(parameter => parameter.Value.detach())), group.Rank == 0 ? Bytes(optimizer.State().Select(part => part.Value)) : []);
        }

        if (processes == 1)
        {
            In(SingleRank.Instance);
        }
        else
        {
            RankThreads.InEach(_folder[$"group-{_groups++}"], processes, new RankWatch(), In);
        }

        return trained;
    }

    private static IReadOnlyList<NamedParameter> Parameters() =>
        [.. Shapes.Select((shape, i) => new NamedParameter($"p{i}", Drawn(shape, i + 7).requires_grad_(true)))];

    // Not torch's generator: threads share it.
    private static Tensor Drawn(long[] shape, int seed)
    {
        var random = new Random(seed);
        return tensor(Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray()).view(shape);
    }

    private static byte[] Bytes(IEnumerable<Tensor> values) => [.. values.SelectMany(value => value.bytes.ToArray())];

    private sealed record Trained(List<float> Norms, byte[] Parameters, byte[] State);
}
