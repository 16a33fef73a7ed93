using System.Globalization;
using Distil.Inference.CudaEngines;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>A student's decoding on this machine's GPU against the engine on the CPU, which is the plain form of its kernels.</summary>
/// <param name="Shape">Sizes, for the table.</param>
/// <param name="Config">The student's shape.</param>
internal sealed record DecodeCheck(string Shape, XlstmConfig Config)
{
    /// <summary>Largest ‖GPU − CPU‖ / ‖CPU‖ of logits: both compute in float32 with the same weights.</summary>
    private const double Tolerance = 2e-5;

    private const int Tokens = 40;
    private const int Replayed = 1_000;
    private const int Sequences = 9;

    /// <value>All checks.</value>
    internal static IReadOnlyList<DecodeCheck> All { get; } =
    [
        new("the paper's widths", new()
        {
            VocabularySize = 20_011, ContextLength = 64, Blocks = 3, Width = 1536, SlstmAt = [0], MlstmHeads = 12, SlstmHeads = 12, FeedForwardProjFactor = 1.7,
        }),
        new("the sample's", new() { VocabularySize = 1024, ContextLength = 64, Blocks = 4, Width = 128, SlstmAt = [0, 2], QkvBlockSize = 16 }),
        new("odd widths", new()
        {
            VocabularySize = 203, ContextLength = 64, Blocks = 2, Width = 60, SlstmAt = [1], MlstmHeads = 2, SlstmHeads = 3, QkvBlockSize = 64,
        }),
    ];

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
            int[] tokens = [.. Enumerable.Range(0, Tokens).Select(i => i * 31 % Config.VocabularySize)];
            var difference = comparison.Difference(tokens);
            var (replayed, states) = comparison.Replayed(Replayed, 1);
            string[] faults =
            [
                .. difference <= Tolerance ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"logits differ by more than {100 * Tolerance} %")],
                .. comparison.IsAloneAmongOthers(tokens, Sequences) ? Array.Empty<string>() : [$"a sequence has other bits among {Sequences} than alone"],
                .. replayed == Replayed && states ? Array.Empty<string>() : [$"the replayed graph differs from its kernels within {replayed + 50} tokens"],
            ];
            return (faults.Length == 0, string.Create(
                CultureInfo.InvariantCulture, $"{100 * difference:0.00000} % | | | | {(faults.Length == 0 ? "ok" : string.Join("; ", faults))}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Write(string folder)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        manual_seed(7);
        using var model = XlstmModel.Create(
            Config, randn(Config.VocabularySize, Config.Width), randn(Config.VocabularySize, Config.Width) / Math.Sqrt(Config.Width), seed: 3, CPU);
        foreach (var parameter in model.TrainableParameters)
        {
            parameter.Value.add_(randn(parameter.Value.shape) * 0.05);
        }

        model.Save(folder);
    }
}
