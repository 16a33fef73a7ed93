using Distil.Core.Specification;
using Distil.Trainer.Distillation;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Distillation;

/// <summary>Every divergence in the plain and in the CPU's form against its definition over dense distributions of the buckets, in float64 with autograd.</summary>
public sealed class DivergenceTests
{
    private const int N = 21, V = 37;

    private static readonly DivergenceSpec[] All =
    [
        new(), new() { Kind = DivergenceKind.ReverseKl }, new() { Kind = DivergenceKind.TotalVariation },
        new() { Kind = DivergenceKind.JensenShannon }, new() { Kind = DivergenceKind.JensenShannon, Beta = 0.1 },
        new() { Kind = DivergenceKind.SkewKl }, new() { Kind = DivergenceKind.SkewKl, Skew = 0.6 },
        new() { Kind = DivergenceKind.SkewReverseKl }, new() { Kind = DivergenceKind.SkewReverseKl, Skew = 0.6 },
    ];

    public static TheoryData<int, double, double, int, int> Cases => [.. from divergence in Enumerable.Range(0, All.Length)
                                                                     from keep in new[] { (1.0, 0.9, 128, 0), (1.6, 0.5, 5, 0), (2.0, 1.0, V, 0), (1.3, 0.6, 6, 7) }
                                                                     select (divergence, keep.Item1, keep.Item2, keep.Item3, keep.Item4)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Value_and_gradient_equal_the_definition_over_dense_buckets(int which, double temperature, double topP, int maxTokens, int draws)
    {
        using var scope = NewDisposeScope();
        var (logits, targets) = Case(All[which], temperature, topP, maxTokens, sharpness: 2, draws);
        var (value, gradient) = Defined(All[which], logits, targets);

        var (plain, fused) = (logits.clone(), logits.clone());
        var plainLosses = PlainLogitLoss.Apply(plain, targets);
        var fusedLosses = CpuLogitLoss.Apply(fused, targets);

        AssertClose(value, plainLosses.Kl);
        AssertClose(value, fusedLosses.Kl);
        AssertClose(gradient, plain);
        AssertClose(gradient, fused);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(2.0)]
    public void Probabilities_that_round_to_zero_give_finite_values_and_gradients(double temperature)
    {
        using var scope = NewDisposeScope();
        foreach (var divergence in All)
        {
            var (logits, targets) = Case(divergence, temperature, topP: 0.9, maxTokens: 8, sharpness: 60);
            foreach (var apply in new Func<Tensor, LogitTargets, PositionLosses>[] { PlainLogitLoss.Apply, CpuLogitLoss.Apply })
            {
                var gradient = logits * 60;                                                           // least log-probabilities of both: below −200
                var losses = apply(gradient, targets);
                Assert.True(losses.Kl.isfinite().all().item<bool>(), $"{divergence}: {losses.Kl.str()}");
                Assert.True(gradient.isfinite().all().item<bool>(), $"{divergence}");
            }
        }
    }

    [Fact]
    public void A_student_equal_to_its_teacher_has_no_divergence_and_no_gradient()
    {
        using var scope = NewDisposeScope();
        foreach (var divergence in All)
        {
            var logits = randn([N, V], generator: new Generator(3)) * 2;
            var targets = Targets(divergence, logits, 1.5, topP: 0.8, maxTokens: 9);
            var losses = CpuLogitLoss.Apply(logits, targets);
            Assert.InRange(losses.Kl.abs().max().item<float>(), 0, 1e-5);
            Assert.True(divergence.Kind == DivergenceKind.TotalVariation || logits.abs().max().item<float>() < 1e-6, $"{divergence}");
        }
    }

    [Fact]
    public void The_head_computes_the_divergence_of_its_specification()
    {
        using var scope = NewDisposeScope();
        var divergence = new DivergenceSpec { Kind = DivergenceKind.ReverseKl };
        var (logits, targets) = Case(divergence, 1.5, 0.9, 8, sharpness: 2);
        var head = new DistillationHead(Backend.For(CPU), ScalarType.Float32, chunkPositions: 4, divergence: divergence);

        var loss = head.Compute(logits.unsqueeze(0), eye(V), zeros([1, N], ScalarType.Int64), null, targets.Teacher, new(0, 1, 1.5));

        Assert.Equal(Defined(divergence, logits, targets).Value.mean().item<double>(), loss.Kl.item<double>(), 1e-5);
    }

    /// <summary>The definitions in terms of probabilities, which need no logarithm of a mixture and no floor for these distributions.</summary>
    private static Tensor Definition(DivergenceSpec spec, Tensor q, Tensor s)
    {
        Tensor Kl(Tensor p, Tensor from) => (p * (p / from).log()).masked_fill(p.eq(0), 0).sum(-1);
        var (beta, skew) = (spec.Beta ?? 0.5, spec.Skew ?? 0.1);
        return spec.Kind switch
        {
            DivergenceKind.ForwardKl => Kl(q, s),
            DivergenceKind.ReverseKl => Kl(s, q),
            DivergenceKind.JensenShannon => beta * Kl(q, beta * q + (1 - beta) * s) + (1 - beta) * Kl(s, beta * q + (1 - beta) * s),
            DivergenceKind.SkewKl => Kl(q, skew * q + (1 - skew) * s),
            DivergenceKind.SkewReverseKl => Kl(s, (1 - skew) * q + skew * s),
            _ => (q - s).abs().sum(-1) / 2,
        };
    }

    /// <returns>Each position's divergence, and the gradient of their weighted sum by the logits, float64.</returns>
    private static (Tensor Value, Tensor Gradient) Defined(DivergenceSpec spec, Tensor logits, LogitTargets targets)
    {
        var (allIds, allLogs, tailLog, drawWeights) = targets.Tempered()!;
        var exact = allIds.shape[1] - (drawWeights?.shape[1] ?? 0);
        var (ids, keptLog) = (allIds.narrow(-1, 0, exact), allLogs.narrow(-1, 0, exact));
        var z = logits.to(ScalarType.Float64, copy: true).requires_grad_();
        var student = (z / targets.Temperature).softmax(-1);
        var used = keptLog.isneginf().logical_not().to(ScalarType.Float64);
        var isKept = zeros_like(student).scatter_add(-1, ids, used).gt(0);                                              // (n, V)
        var q = zeros_like(student).scatter_add(-1, ids, keptLog.to(ScalarType.Float64).exp());
        var everything = cat([q, tailLog.to(ScalarType.Float64).exp().unsqueeze(-1)], -1);                              // a place for each token, and the bucket
        var own = cat([student.masked_fill(isKept.logical_not(), 0), student.masked_fill(isKept, 0).sum(-1, keepdim: true)], -1);
        var here = cat([isKept, isKept.all(-1, keepdim: true).logical_not()], -1);
        var value = Definition(spec, everything.masked_fill(here.logical_not(), 1), own.masked_fill(here.logical_not(), 1)); // equal, so without effect
        if (drawWeights is not null)
        {
            value += OfDraws(spec, allIds.narrow(-1, exact, drawWeights.shape[1]), allLogs.narrow(-1, exact, drawWeights.shape[1]).to(ScalarType.Float64), drawWeights);
        }

        (value * targets.KlScale * targets.Temperature).sum().backward();
        return (value.detach(), z.grad!);

        // Σ w·(d(q, s) − q/q_t·d(q_t, s_t)): what the draws add to the buckets' divergence.
        Tensor OfDraws(DivergenceSpec divergence, Tensor drawnIds, Tensor drawnLogs, Tensor weights)
        {
            var unused = weights.eq(0);
            var goal = drawnLogs.masked_fill(unused, 0);
            var goalTail = tailLog.to(ScalarType.Float64).unsqueeze(-1);
            var terms = Divergence.Of(divergence).At(goal, student.gather(-1, drawnIds).log()).Value;
            var bucket = Divergence.Of(divergence).At(goalTail, own.narrow(-1, V, 1).log()).Value;
            return (weights * (terms - (goal - goalTail).exp() * bucket)).masked_fill(unused, 0).sum(-1);
        }
    }

    private static (Tensor Logits, LogitTargets Targets) Case(DivergenceSpec spec, double temperature, double topP, int maxTokens, double sharpness, int draws = 0)
    {
        var generator = new Generator(7);
        return (randn([N, V], generator: generator) * 2, Targets(spec, randn([N, V], generator: generator) * sharpness, temperature, topP, maxTokens, draws));
    }

    private static LogitTargets Targets(DivergenceSpec spec, Tensor teacher, double temperature, double topP, int maxTokens, int draws = 0)
    {
        var settings = new ExtractionSettings { Keep = new() { TopP = topP, MaxTokens = maxTokens, TailDraws = draws }, InverseTemperatures = [1 / temperature] };
        return new(
            zeros(N, ScalarType.Int64), zeros(N), Heads.Sparse(teacher, eye(V), settings, null), (arange(1, N + 1) / (N * N)).to(ScalarType.Float32), temperature,
            Divergence.Of(spec));
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        var error = (expected - actual).abs().max().item<double>();
        Assert.True(error <= 2e-5 * expected.abs().max().item<double>(), $"largest difference {error} of {expected.abs().max().item<double>()}");
    }
}
