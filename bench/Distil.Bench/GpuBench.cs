using System.CommandLine;
using Distil.Bench.Gpu;
using Distil.Trainer.Kernels;

namespace Distil.Bench;

/// <summary>This project's figures on a GPU, one JSON line each; <c>bench/gpu/run.sh</c> compares them with PyTorch's.</summary>
internal static class GpuBench
{
    private static readonly Dictionary<string, Action> Parts = new()
    {
        ["step"] = TrainingFigures.Measure,
        ["teacher"] = TeacherFigures.Measure,
        ["store"] = StoreFigures.Measure,
        ["online"] = OnlineFigures.Measure,
        ["decode"] = DecodeFigures.Measure,
        ["pipeline"] = PipelineFigures.Measure,
        ["linearised"] = LinearisedFigures.Small,
        ["linearised-large"] = LinearisedFigures.Large,
        ["fallbacks"] = FallbackFigures.Measure,
    };

    internal static Command Create()
    {
        var parts = new Argument<string[]>("parts")
        {
            Description = $"Which: {string.Join(", ", Parts.Keys)}. Default: all but fallbacks and linearised students.",
            DefaultValueFactory = _ => [.. Parts.Keys.Where(part => part != "fallbacks" && !part.StartsWith("linearised", StringComparison.Ordinal))],
        };
        parts.AcceptOnlyFromAmong([.. Parts.Keys]);
        var command = new Command("gpu", "Training step, head, teacher, decoding and input pipeline on a CUDA GPU, at the paper's sizes.") { parts };
        command.SetAction(parsed =>
        {
            if (CudaRuntime.UnavailableReason is { } obstacle)
            {
                Console.Error.WriteLine($"error: nothing to measure: {obstacle}");
                return 1;
            }

            Figure.Say("machine", new { device = CudaRuntime.Card.Name, nvrtc = CudaRuntime.Platform.Compiler.Version });
            foreach (var part in parsed.GetRequiredValue(parts))
            {
                Parts[part]();
            }
            return 0;
        });
        return command;
    }
}
