using Distil.Core.Specification;
using Distil.Trainer.Distillation;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The head with its losses.</summary>
internal static class HeadChecks
{
    private const double Temperature = 1.5, CrossEntropy = 0.3, Kl = 0.6, Single = 1e-3;

    private static readonly double[] Nodes = TemperatureNodes.Between(1, 2);

    /// <value>All checks on a GPU.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Head(Kernel.HeadCuda, 1024, 151_936, 1536, 64), Head(Kernel.HeadCuda, 77, 1003, 64, 20), Draws(Kernel.HeadCuda), .. Divergences(Kernel.HeadCuda),
    ];

    /// <summary>The head with each other divergence, in float32: rounded to bfloat16, probabilities that are nearly equal change the sign of total variation's
    /// derivative.</summary>
    internal static IEnumerable<KernelCheck> Divergences(Kernel kernel) => Enum.GetValues<DivergenceKind>().Where(kind => kind != DivergenceKind.ForwardKl).Select(
        kind => Head(kernel, 77, 1003, 64, 20, new() { Kind = kind }, ScalarType.Float32) with { Variant = $", {kind}", Tolerance = Single });

    /// <summary>The head with tokens drawn from the tail.</summary>
    internal static KernelCheck Draws(Kernel kernel) => Head(kernel, 77, 1003, 64, 20, elements: ScalarType.Float32, draws: 12) with { Variant = ", draws", Tolerance = Single };

    /// <summary>The head: bfloat16 on a GPU, float32 on the CPU, unless a type is given.</summary>
    internal static KernelCheck Head(
        Kernel kernel, int positions, int vocabulary, int width, int kept, DivergenceSpec? divergence = null, ScalarType? elements = null, int draws = 0)
    {
        var type = elements ?? (kernel.Form == Form.Cuda ? ScalarType.BFloat16 : ScalarType.Float32);
        Device On() => kernel.Form == Form.Cuda ? CUDA : CPU; // torch has no CUDA device if there is no GPU
        Tensor Random(params long[] shape) => randn(shape, ScalarType.Float32, On());
        return new(
            kernel, $"N {positions}, V {vocabulary}, D {width}, K {kept}",
            () =>
            {
                var (teacher, found) = (Random(positions, vocabulary) * 3, TeacherChecks.Empty(positions, kept, Nodes.Length, On()));
                Nucleus.Select(teacher.clone(), TeacherChecks.Settings(kept, Nodes), found);
                var drawn = TeacherChecks.Empty(positions, draws, Nodes.Length, On());
                var counts = zeros_like(drawn.LogProbabilities);
                if (draws > 0)
                {
                    TailDraws.Draw(teacher, found, Nodes, (drawn.TokenIds, drawn.LogProbabilities, counts));
                }

                return
                [
                    Random(1, positions, width).to(type), (Random(vocabulary, width) * 0.05).to(type),
                    randint(vocabulary, [1, positions], ScalarType.Int64, On()), cat([found.TokenIds, drawn.TokenIds], -1),
                    cat([found.LogProbabilities, drawn.LogProbabilities], -1), found.TailLogSumExp, counts,
                ];
            },
            x =>
            {
                var head = new DistillationHead(Backend.For(On()), type, new(kept + draws, Nodes.Length), divergence: divergence);
                var loss = head.Compute(x[0], x[1].detach(), x[2], null, Targets(x), new(CrossEntropy, Kl, Temperature));
                var carrier = (x[0] * loss.HiddenGradient).sum(ScalarType.Float32);                   // has the head's gradient, and no part in the value
                return (loss.CrossEntropy * CrossEntropy + loss.Kl * (Kl * Temperature * Temperature)).to(ScalarType.Float32) + carrier - carrier.detach();
            },
            x =>
            {
                var logits = x[0].squeeze(0).matmul(x[1].detach().t());                               // (N, V)
                var q = Targets(x).At(Temperature);
                var student = (logits / Temperature).log_softmax(-1);
                var exact = q.TokenIds.narrow(-1, 0, kept);
                var outside = student.scatter(-1, exact, full_like(exact, double.NegativeInfinity, ScalarType.Float32)).logsumexp(-1, keepdim: true);
                var teacher = cat([q.KeptLog, q.TailLog.unsqueeze(-1)], -1);                          // (N, K + 1), the bucket last
                var (own, none) = (cat([student.gather(-1, q.TokenIds), outside], -1), teacher.isneginf());
                var terms = Divergence.Of(divergence ?? new()).At(teacher.masked_fill(none, 0), own.masked_fill(none, 0)).Value;
                if (q.DrawWeights is not null)
                {
                    var shares = (q.DrawWeights * (q.KeptLog.narrow(-1, kept, draws) - q.TailLog.unsqueeze(-1)).exp()).sum(-1, keepdim: true);
                    terms *= cat([ones_like(exact, ScalarType.Float32), q.DrawWeights, 1 - shares], -1);
                }

                var ce = nn.functional.cross_entropy(logits.narrow(0, 0, positions - 1), x[2].flatten().narrow(0, 1, positions - 1));
                return ce * CrossEntropy + terms.masked_fill(none, 0).sum(-1).mean() * (Kl * Temperature * Temperature);
            });
    }

    private static TeacherTargets Targets(Tensor[] x) => new(x[3], x[4].detach(), x[5].detach(), Nodes, MeanHidden: null)
    {
        Draws = x[6].shape[1] == 0 ? null : x[6].detach(),
    };
}
