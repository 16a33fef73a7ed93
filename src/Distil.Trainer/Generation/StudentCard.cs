using Distil.Core.Specification;
using Distil.Inference.Cuda;
using Distil.Inference.Engines;
using Distil.Trainer.Kernels;

namespace Distil.Trainer.Generation;

/// <summary>The card for a student that runs without torch, with this program's settings of kernels.</summary>
internal static class StudentCard
{
    /// <summary>Adds the card, if students can run on one.</summary>
    internal static EngineOptions Add(EngineOptions options)
    {
        if (options.Device == ComputeDevice.Cpu)
        {
            return options;
        }

        if (CudaRuntime.SwitchedOff is { } switchedOff)
        {
            return options with { NoCard = switchedOff };
        }

        // Torch is slow to load, and is only needed if it brings the one compiler for the card.
        var platform = CudaPlatform.Find(CudaRuntime.Cache(), CudaRuntime.StandsInFor, out var reason) ?? (CudaPlatform.HasCard() ? CudaRuntime.PlatformOrNull : null);
        return options with { Platform = platform, NoCard = platform is null ? reason : null };
    }
}
