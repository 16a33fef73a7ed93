using Distil.Inference.Cuda;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>What this project's CUDA kernels run on: the card and the compiler of this machine, found once a process.</summary>
/// <remarks>Kernels need Linux, an NVIDIA card of compute capability 8.0 or newer (A100, H100; bfloat16 and cp.async) and NVRTC.</remarks>
internal static class CudaRuntime
{
    /// <summary>
    /// If it is <c>off</c>, no kernel runs: to compare, or to get around one that fails. If it is an older architecture such as <c>sm_80</c>, kernels run as on
    /// a card of that one.
    /// </summary>
    internal const string Switch = "DISTIL_KERNELS";

    private static readonly string Setting = KernelSettings.Switch;
    private static readonly Lazy<Found> Runtime = new(Find);

    /// <value>Says that all kernels are switched off, those of the CPU included; null if they are not.</value>
    internal static string? SwitchedOff { get; } = Setting == "off" ? $"{Switch} is off" : null;

    /// <value>Why no CUDA kernel can run; null if they can.</value>
    internal static string? UnavailableReason => Runtime.Value.UnavailableReason;

    /// <value>The card with its compiler.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static CudaPlatform Platform => Runtime.Value.Platform ?? throw new CudaKernelException($"No CUDA kernel can run here: {UnavailableReason}.");

    /// <value>The card with its compiler; null if no kernel can run.</value>
    internal static CudaPlatform? PlatformOrNull => Runtime.Value.Platform;

    /// <value>The architecture as which kernels run; null for the card's own.</value>
    internal static string? StandsInFor { get; } = Setting.StartsWith("sm_", StringComparison.Ordinal) ? Setting : null;

    /// <value>The card.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static CudaCard Card => Platform.Card;

    /// <summary>Where compiled kernels are kept.</summary>
    internal static CubinCache Cache()
    {
        var folder = KernelSettings.CacheFolder;
        return new(folder, reason => KernelSettings.Log.CubinsAreNotStored(folder, reason));
    }

    private static Found Find()
    {
        if (SwitchedOff is not null)
        {
            return new(SwitchedOff);
        }

        if (!OperatingSystem.IsLinux())
        {
            return new("kernels need Linux");
        }

        if (!cuda.is_available())
        {
            return new("torch finds no CUDA GPU");
        }

        using (var started = zeros(1, device: CUDA)) // torch creates the context
        {
        }

        var platform = CudaPlatform.Find(Cache(), StandsInFor, out var reason);
        return new(reason, platform);
    }

    private sealed record Found(string? UnavailableReason, CudaPlatform? Platform = null);
}
