using Distil.Core.Specification;
using Distil.Trainer.Distillation;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Distillation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class TailDrawsTests
{
    private const int V = 200, Kept = 6, Draws = 5;

    private static readonly double[] Nodes = TemperatureNodes.Between(1, 2);

    public static TheoryData<DivergenceKind, double> Cases => [.. from kind in Enum.GetValues<DivergenceKind>() from temperature in new[] { 1.0, 1.4, 2.0 } select (kind, temperature)];

    /// <remarks>One distribution at many positions with equally spaced offsets: their mean is the expectation over the draws.</remarks>
    [Theory]
    [MemberData(nameof(Cases))]
    public void The_expectation_of_value_and_gradient_is_the_dense_one(DivergenceKind kind, double temperature)
    {
        using var scope = NewDisposeScope();
        const int positions = 4000;
        var divergence = Divergence.Of(new() { Kind = kind });
        var (teacher, student) = (Random(1, seed: 1) * 0.35, Random(1, seed: 2) * 0.35); // of nearly equal chances, so that few offsets meet every token
        var targets = Drawn(teacher.repeat(positions, 1), (arange(positions, ScalarType.Float32) + 0.5).unsqueeze(-1) / positions);
        var scale = ones(positions) / positions;
        var gradients = student.repeat(positions, 1);
        var losses = CpuLogitLoss.Apply(gradients, new(zeros(positions, ScalarType.Int64), zeros(positions), targets, scale, temperature, divergence));

        var z = student.to(ScalarType.Float64, copy: true).requires_grad_();
        var dense = divergence.At((teacher.to(ScalarType.Float64) / temperature).log_softmax(-1), (z / temperature).log_softmax(-1)).Value.sum();
        (dense * temperature).backward();

        Assert.Equal(dense.item<double>(), losses.Kl.mean().item<float>(), 0.01 * dense.item<double>());
        var error = (gradients.sum([0L]) - z.grad![0]).norm() / z.grad.norm();
        Assert.InRange(error.item<double>(), 0, 0.02);
    }

    [Fact]
    public void Each_position_gets_its_number_of_draws_from_its_own_tail()
    {
        using var scope = NewDisposeScope();
        var targets = Drawn(Random(50, seed: 3), offsets: null);
        var (ids, counts) = (targets.TokenIds.data<long>().ToArray(), targets.Draws!.data<float>().ToArray());
        for (var position = 0; position < 50; position++)
        {
            var own = ids[(position * (Kept + Draws))..((position + 1) * (Kept + Draws))];
            var drawn = counts[(position * Draws)..((position + 1) * Draws)].Count(count => count > 0);
            Assert.Equal(Draws, counts[(position * Draws)..((position + 1) * Draws)].Sum());
            Assert.Equal(Kept + drawn, own[..(Kept + drawn)].Distinct().Count());
        }
    }

    [Fact]
    public void Draws_do_not_depend_on_the_other_positions_of_a_batch()
    {
        using var scope = NewDisposeScope();
        var logits = Random(20, seed: 4);
        var (whole, alone) = (Drawn(logits.clone(), offsets: null), Drawn(logits.narrow(0, 7, 1).clone(), offsets: null));
        Assert.Equal(whole.TokenIds[7].data<long>(), alone.TokenIds[0].data<long>());
        Assert.Equal(whole.Draws![7].data<float>(), alone.Draws![0].data<float>());
    }

    [Fact]
    public void Nothing_is_drawn_where_all_tokens_are_kept()
    {
        using var scope = NewDisposeScope();
        var settings = new ExtractionSettings { Keep = new() { TopP = 1, MaxTokens = V, TailDraws = Draws }, InverseTemperatures = Nodes };
        var targets = Heads.Sparse(Random(3, seed: 5), eye(V), settings, null);
        Assert.Equal(0f, targets.Draws!.sum().item<float>());
        Assert.True(targets.LogProbabilities.narrow(-1, V, Draws).isneginf().all().item<bool>());
        Assert.Equal(0f, targets.At(1.5).DrawWeights!.sum().item<float>());
    }

    private static Tensor Random(int positions, int seed) => randn([positions, V], generator: new Generator((ulong)seed)) * 2;

    private static TeacherTargets Drawn(Tensor logits, Tensor? offsets)
    {
        var n = logits.shape[0];
        var settings = new ExtractionSettings { Keep = new() { TopP = 0.9999, MaxTokens = Kept }, InverseTemperatures = Nodes };
        var found = (TokenIds: empty([n, Kept], ScalarType.Int64), Logs: empty(n, Kept), Tail: empty(n, Nodes.Length));
        var drawn = (TokenIds: empty([n, Draws], ScalarType.Int64), Logs: empty(n, Draws), Counts: empty(n, Draws));
        Nucleus.Select(logits.clone(), settings, found);
        TailDraws.Draw(logits, found, Nodes, drawn, offsets);
        return new(cat([found.TokenIds, drawn.TokenIds], -1), cat([found.Logs, drawn.Logs], -1), found.Tail, Nodes, MeanHidden: null) { Draws = drawn.Counts };
    }
}
