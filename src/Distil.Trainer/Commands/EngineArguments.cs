using System.CommandLine;
using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;

namespace Distil.Trainer.Commands;

/// <summary>Options of commands that run a student in the engine.</summary>
internal static class EngineArguments
{
    internal static Option<WeightFormat> Weights() => new("--weights")
    {
        Description = "Format of a student's weights in memory on the CPU: asStored (default), float32, bFloat16, int8 or int4.",
    };

    internal static Option<int?> Threads() => new("--threads") { Description = "Number of threads of a student on the CPU. Default: one for each processor." };

    internal static Option<ComputeDevice> Device() => new("--device") { Description = "auto (CUDA if available), cpu or cuda." };

    internal static EngineOptions Read(ParseResult parsed, Option<WeightFormat> weights, Option<int?> threads)
    {
        var usual = new EngineOptions();
        return usual with { Weights = parsed.GetValue(weights), Threads = parsed.GetValue(threads) ?? usual.Threads };
    }
}
