using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Distillation;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The kernels around the student's blocks: head and losses, the teacher's pass and extraction, the optimiser.</summary>
internal static class HeadChecks
{
    private const double Temperature = 1.5, CrossEntropy = 0.3, Kl = 0.6, Factor = 3, Single = 1e-3;

    private static readonly double[] Nodes = TemperatureNodes.Between(1, 2);

    /// <value>All checks on a GPU.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Head(Kernel.HeadCuda, 1024, 151_936, 1536, 64), Head(Kernel.HeadCuda, 77, 1003, 64, 20), Draws(Kernel.HeadCuda), .. Divergences(Kernel.HeadCuda),
        Extraction(Kernel.ExtractionCuda, 512, 151_936, 128), Extraction(Kernel.ExtractionCuda, 33, 2048, 64), Extraction(Kernel.ExtractionCuda, 5, 1003, 1000),
        Optimizer(1_000_000, 300_001), Optimizer(13, 3),
        Teacher(8, 512, TransformerFamily.Qwen2), Teacher(3, 33, TransformerFamily.Qwen3),
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
                var (teacher, found) = (Random(positions, vocabulary) * 3, Empty(positions, kept, On()));
                Nucleus.Select(teacher.clone(), Settings(kept), found);
                var drawn = Empty(positions, draws, On());
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

    /// <summary>The extraction: bfloat16 on a GPU, float32 on the CPU.</summary>
    internal static KernelCheck Extraction(Kernel kernel, int rows, int vocabulary, int max)
    {
        var cuda = kernel.Form == Form.Cuda;
        Device On() => cuda ? CUDA : CPU;
        var type = cuda ? ScalarType.BFloat16 : ScalarType.Float32;
        return new(
            kernel, $"N {rows}, V {vocabulary}, K {max}",
            () => [(randn([rows, vocabulary], ScalarType.Float32, On()) * 3).to(type)],
            x => Found(rows, max, On(), found =>
            {
                var padded = zeros([rows, (vocabulary + 7) / 8 * 8], type, On()).narrow(1, 0, vocabulary).copy_(x[0].detach());
                Action<Tensor, ExtractionSettings, (Tensor, Tensor, Tensor)> select = cuda ? CudaNucleus.Select : CpuNucleus.Select;
                select(padded, Settings(max), found);
            }),
            x => Found(rows, max, On(), found => Nucleus.Select(x[0].detach().clone(), Settings(max), found)));
    }

    /// <summary>Two parameters that share a norm, and not a learning rate.</summary>
    private static KernelCheck Optimizer(int first, int second) => new(
        Kernel.AdamWCuda, $"P {first} + {second}",
        () => [.. new[] { first, first, second, second }.Select(count => randn([count], ScalarType.Float32, CUDA))],
        x =>
        {
            NamedParameter[] parameters = [new("p", x[0].detach().clone().requires_grad_()), new("q", x[2].detach().clone().requires_grad_())];
            (parameters[0].Value.grad, parameters[1].Value.grad) = (x[1].detach(), x[3].detach());
            using var optimizer = new AdamW(parameters, new() { Factor = new([parameters[1]], Factor) }, Backend.For(CUDA));
            optimizer.Step(0.1, 1);
            return cat([.. optimizer.Weights.Select(weight => weight.Value)]);
        },
        x =>
        {
            var options = new AdamWOptions();
            var norm = cat([x[1], x[3]]).detach().norm();
            Tensor Stepped(Tensor weight, Tensor gradient, double rate)
            {
                var clipped = gradient.detach() * (1 / (norm + 1e-6)).clamp_max(1.0);
                // the first step: both moments are the gradient's own
                return weight.detach() * (1 - rate * options.WeightDecay) - clipped / (clipped.abs() + options.Epsilon) * rate;
            }

            return cat([Stepped(x[0], x[1], 0.1), Stepped(x[2], x[3], 0.1 * Factor)]);
        });

    private static KernelCheck Teacher(int rows, int length, TransformerFamily family)
    {
        var model = new Lazy<TransformerModel>(() =>
        {
            using var weights = new NewWeights(1, CUDA, ScalarType.BFloat16);
            return TransformerModel.CreateFrozen(
                new TransformerConfig
                {
                    Family = family,
                    VocabularySize = 1000,
                    HiddenSize = 1536,
                    IntermediateSize = 8960,
                    Layers = 2,
                    Heads = 12,
                    KeyValueHeads = 2,
                    HeadSize = 128,
                    MaxPositions = 1024, TiedHead = true, QueryKeyValueBias = family == TransformerFamily.Qwen2,
                },
                weights, CUDA);
        });
        Tensor Both((Tensor Final, Tensor Mean) outputs) => cat([outputs.Final.to(ScalarType.Float32), outputs.Mean], -1);
        return new(
            Kernel.TeacherLayersCuda, $"B {rows}, S {length}",
            () => [randint(1000, [rows, length], ScalarType.Int64, CUDA)],
            x => Both(model.Value.ForwardWithMean(x[0])),
            x =>
            {
                using var frozen = no_grad();
                return Both(((ILanguageModel)model.Value).MeanOfLayers(x[0]));
            })
        {
            Variant = $", {family}",
        };
    }

    private static TeacherTargets Targets(Tensor[] x) => new(x[3], x[4].detach(), x[5].detach(), Nodes, MeanHidden: null)
    {
        Draws = x[6].shape[1] == 0 ? null : x[6].detach(),
    };

    private static ExtractionSettings Settings(int max) => new() { Keep = new() { TopP = 0.95, MaxTokens = max }, InverseTemperatures = Nodes };

    private static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) Empty(int rows, int max, Device device) => (
        empty([rows, max], ScalarType.Int64, device), empty([rows, max], ScalarType.Float32, device), empty([rows, Nodes.Length], ScalarType.Float32, device));

    /// <summary>Probabilities of the kept tokens, most probable first, and the tail's sums.</summary>
    private static Tensor Found(int rows, int max, Device device, Action<(Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp)> select)
    {
        var found = Empty(rows, max, device);
        select(found);
        return cat([found.LogProbabilities.exp(), found.TailLogSumExp.exp()], -1);
    }
}
