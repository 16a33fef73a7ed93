using System.Globalization;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Inference.CudaEngines;
using Distil.Inference.Models;
using Distil.Inference.Sampling;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>A student's decoding on this machine's GPU against the engine on the CPU, which is the plain form of its kernels.</summary>
/// <param name="Shape">Sizes, for the table.</param>
/// <param name="VocabularySize">V.</param>
/// <param name="Write">Writes the student to a folder.</param>
internal sealed record DecodeCheck(string Shape, int VocabularySize, Action<string> Write)
{
    /// <summary>Largest ‖GPU − CPU‖ / ‖CPU‖ of logits: both compute in float32 with the same weights, but
    /// products on the GPU use 16 bits of their inputs.</summary>
    private const double Tolerance = 4e-5;

    private const int Tokens = 40;
    private const int Replayed = 1_000;
    private const int Drawn = 100;
    private const int Sequences = 9;

    /// <value>All checks.</value>
    internal static IReadOnlyList<DecodeCheck> All { get; } =
    [
        Of("the paper's widths", new XlstmConfig
        {
            VocabularySize = 20_011, ContextLength = 64, Blocks = 3, Width = 1536, SlstmAt = [0], MlstmHeads = 12, SlstmHeads = 12, FeedForwardProjFactor = 1.7,
        }),
        Of("the sample's", new XlstmConfig { VocabularySize = 1024, ContextLength = 64, Blocks = 4, Width = 128, SlstmAt = [0, 2], QkvBlockSize = 16 }),
        Of("odd widths", new XlstmConfig
        {
            VocabularySize = 203, ContextLength = 64, Blocks = 2, Width = 60, SlstmAt = [1], MlstmHeads = 2, SlstmHeads = 3, QkvBlockSize = 64,
        }),
        Of("linearised", Linearised),
        Of("linearised, window and sinks", Linearised with { Window = 24, Sinks = 3, FeatureMap = FeatureMap.Both, OutputGate = true }),
        Of("linearised, a layer keeps attention", Linearised with { Window = 8, KeepAttention = [1] }),
    ];

    private static LinearisedShape Linearised => new()
    {
        Transformer = new()
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 20_011, HiddenSize = 1536, IntermediateSize = 2240, Layers = 3, Heads = 12, KeyValueHeads = 2,
            HeadSize = 128, MaxPositions = 4096, QueryKeyValueBias = true,
        },
        ContextLength = 64, Window = 0,
    };

    private static SamplingOptions[] Draws => [new(), new() { Temperature = 1, TopP = 1 }, new() { Temperature = 2, TopK = 40, MinP = 0.2, RepetitionPenalty = 1.2 }];

    /// <value>Its name in the table.</value>
    internal static string Name => "decoding";

    /// <summary>Runs the check.</summary>
    /// <returns>Whether it passed, and a row's last cells.</returns>
    internal (bool Passed, string Row) Run()
    {
        var folder = Directory.CreateTempSubdirectory("distil-check-").FullName;
        try
        {
            Write(folder);
            using var comparison = new CudaComparison(folder, CudaRuntime.Platform);
            int[] tokens = [.. Enumerable.Range(0, Tokens).Select(i => i * 31 % VocabularySize)];
            var difference = comparison.Difference(tokens);
            var (replayed, states) = comparison.Replayed(Replayed, 1);
            string[] faults =
            [
                .. difference <= Tolerance ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"logits differ by more than {100 * Tolerance} %")],
                .. comparison.IsAloneAmongOthers(tokens, Sequences) ? Array.Empty<string>() : [$"a sequence has other bits among {Sequences} than alone"],
                .. replayed == Replayed && states ? Array.Empty<string>() : [$"the replayed graph differs from its kernels within {replayed + 50} tokens"],
                .. Draws.All(options => comparison.EqualDraws(options, tokens[1], Drawn) == Drawn) ? Array.Empty<string>() : ["drawn tokens differ from the sampler's"],
            ];
            return (faults.Length == 0, string.Create(
                CultureInfo.InvariantCulture, $"{100 * difference:0.00000} % | | | | {(faults.Length == 0 ? "ok" : string.Join("; ", faults))}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static DecodeCheck Of(string shape, XlstmConfig config) => new(shape, config.VocabularySize, folder =>
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        manual_seed(7);
        using var model = XlstmModel.Create(
            config, randn(config.VocabularySize, config.Width), randn(config.VocabularySize, config.Width) / Math.Sqrt(config.Width), seed: 3, CPU);
        foreach (var parameter in model.TrainableParameters)
        {
            parameter.Value.add_(randn(parameter.Value.shape) * 0.05);
        }

        model.Save(folder);
    });

    private static DecodeCheck Of(string shape, LinearisedShape linearised) => new(shape, linearised.Transformer.VocabularySize, folder =>
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        LinearisedConfigFile.Write(folder, linearised);
        var tensors = TransformerTensors.Of(linearised.Transformer).Concat(MixerTensors.Of(linearised));
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            tensors.Select(tensor => KeyValuePair.Create(tensor.Name, randn(tensor.Shape) / Math.Sqrt(tensor.Shape[^1]) + (tensor.IsNorm ? 1 : 0))));
    });
}
