namespace Distil.Inference.Cuda;

/// <summary>What CUDA kernels run on: a card, the compiler for it, and the cache of compiled kernels.</summary>
/// <param name="Card">The card.</param>
/// <param name="Compiler">NVRTC.</param>
/// <param name="Cache">Compiled kernels on disk.</param>
internal sealed record CudaPlatform(CudaCard Card, RuntimeCompiler Compiler, CubinCache Cache)
{
    /// <summary>Whether the driver finds a card.</summary>
    internal static bool HasCard()
    {
        try
        {
            return OperatingSystem.IsLinux() && CudaCard.First().Major > 0;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CudaKernelException)
        {
            return false;
        }
    }

    /// <summary>Finds this machine's first card that can run the kernels: an NVIDIA card of compute capability 8.0 or newer, on Linux, with NVRTC.</summary>
    /// <param name="cache">Where compiled kernels are kept.</param>
    /// <param name="standsInFor">An older architecture that the card emulates, for example <c>sm_80</c>; null for its own.</param>
    /// <param name="unavailableReason">Why no kernel can run; null if they can.</param>
    /// <returns>The platform; null if there is none.</returns>
    internal static CudaPlatform? Find(CubinCache cache, string? standsInFor, out string? unavailableReason)
    {
        if (!OperatingSystem.IsLinux())
        {
            unavailableReason = "kernels need Linux";
            return null;
        }

        try
        {
            var card = standsInFor is null ? CudaCard.First() : CudaCard.First().As(standsInFor);
            var compiler = card.Major < 8 ? null : RuntimeCompiler.Find();
            unavailableReason = card.Major < 8 ? $"{card.Name} has compute capability {card.Major}.{card.Minor}; kernels need 8.0"
                : compiler is null ? "there is no NVRTC (libnvrtc.so.13 or .12) beside torch or on the library path" : null;
            return compiler is null ? null : new(card, compiler, cache);
        }
        catch (DllNotFoundException)
        {
            unavailableReason = "there is no NVIDIA driver (libcuda.so.1)";
            return null;
        }
        catch (Exception error) when (error is EntryPointNotFoundException or CudaKernelException)
        {
            unavailableReason = $"CUDA's driver or compiler cannot be used{(standsInFor is null ? "" : $" as {standsInFor}")}: {error.Message}";
            return null;
        }
    }
}
