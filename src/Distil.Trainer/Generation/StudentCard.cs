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
        if (options.Device == ComputeDevice.Cpu || CudaRuntime.SwitchedOff is not null)
        {
            return options with { Device = options.Device == ComputeDevice.Auto ? ComputeDevice.Cpu : options.Device };
        }

        // Torch is slow to load, and is only needed if it brings the one compiler for the card.
        var platform = CudaPlatform.Find(CudaRuntime.Cache(), CudaRuntime.StandsInFor, out _);
        return options with { KernelFolder = KernelSettings.CacheFolder, Platform = platform ?? (CudaPlatform.HasCard() ? CudaRuntime.PlatformOrNull : null) };
    }
}
