using Distil.Trainer.Kernels.Launching;
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

    /// <value>The card.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static CudaCard Card => Runtime.Value.Card ?? throw new CudaKernelException($"No CUDA kernel can run here: {UnavailableReason}.");

    /// <value>The compiler.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static RuntimeCompiler Compiler => Runtime.Value.Compiler ?? throw new CudaKernelException($"No CUDA kernel can run here: {UnavailableReason}.");

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

        try
        {
            var card = CudaCard.First();
            if (Setting.StartsWith("sm_", StringComparison.Ordinal))
            {
                card = card.As(Setting);
            }

            if (card.Major < 8)
            {
                return new($"{card.Name} has compute capability {card.Major}.{card.Minor}; kernels need 8.0");
            }

            var compiler = RuntimeCompiler.Find();
            return compiler is null ? new("there is no NVRTC (libnvrtc.so.13 or .12) beside torch or on the library path") : new(null, card, compiler);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CudaKernelException)
        {
            return new($"CUDA's driver or compiler cannot be used{(Setting.Length > 0 ? $" with {Switch}={Setting}" : "")}: {error.Message}");
        }
    }

    private sealed record Found(string? UnavailableReason, CudaCard? Card = null, RuntimeCompiler? Compiler = null);
}
