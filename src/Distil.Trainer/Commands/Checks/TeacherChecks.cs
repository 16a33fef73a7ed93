using Distil.Core.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The teacher's pass, and the extraction of its outputs.</summary>
internal static class TeacherChecks
{
    private static readonly double[] Nodes = TemperatureNodes.Between(1, 2);

    /// <value>All checks on a GPU.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Extraction(Kernel.ExtractionCuda, 512, 151_936, 128), Extraction(Kernel.ExtractionCuda, 33, 2048, 64), Extraction(Kernel.ExtractionCuda, 5, 1003, 1000),
        Teacher(8, 512, TransformerFamily.Qwen2), Teacher(3, 33, TransformerFamily.Qwen3),
    ];

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
                select(padded, Settings(max, Nodes), found);
            }),
            x => Found(rows, max, On(), found => Nucleus.Select(x[0].detach().clone(), Settings(max, Nodes), found)));
    }

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

    /// <summary>What the extraction keeps.</summary>
    internal static ExtractionSettings Settings(int max, double[] nodes) => new() { Keep = new() { TopP = 0.95, MaxTokens = max }, InverseTemperatures = nodes };

    /// <summary>Room for what the extraction finds.</summary>
    internal static (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) Empty(int rows, int max, int nodes, Device device) => (
        empty([rows, max], ScalarType.Int64, device), empty([rows, max], ScalarType.Float32, device), empty([rows, nodes], ScalarType.Float32, device));

    /// <summary>Probabilities of the kept tokens, most probable first, and the tail's sums.</summary>
    private static Tensor Found(int rows, int max, Device device, Action<(Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp)> select)
    {
        var found = Empty(rows, max, Nodes.Length, device);
        select(found);
        return cat([found.LogProbabilities.exp(), found.TailLogSumExp.exp()], -1);
    }
}
