using System.Collections.Concurrent;
using Distil.Trainer.Kernels.Launching;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>Whether this project's CUDA kernels can run here. Where not, plain tensor operations do the same, slower, and a warning says so once.</summary>
/// <remarks>They need Linux, an NVIDIA card of compute capability 8.0 or newer (A100, H100; bfloat16 and cp.async) and NVRTC.</remarks>
internal static class CudaRuntime
{
    /// <summary>
    /// Set to <c>off</c>, no kernel runs: to compare, or to get around one that fails. Set to an older architecture such as <c>sm_80</c>, kernels run as on a
    /// card of that one.
    /// </summary>
    internal const string Switch = "DISTIL_KERNELS";

    private static string Wanted => Environment.GetEnvironmentVariable(Switch)?.ToLowerInvariant() ?? "";

    private static bool IsOff => Wanted == "off";

    private static readonly Lazy<Found> Finding = new(Find);
    private static readonly ConcurrentDictionary<string, bool> Warned = new();

    /// <value>Whether CPU tensors go through the kernels written in C#; set by a bench that compares them with plain operations.</value>
    internal static bool OnCpu { get; set; } = !IsOff;

    /// <value>Why none can run; null where they can.</value>
    internal static string? UnavailableReason => Finding.Value.UnavailableReason;

    /// <value>The card.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static CudaCard Card => Finding.Value.Card ?? throw new CudaKernelException($"No CUDA kernel can run here: {UnavailableReason}.");

    /// <value>The compiler.</value>
    /// <exception cref="CudaKernelException">No kernel can run here.</exception>
    internal static RuntimeCompiler Compiler => Finding.Value.Compiler ?? throw new CudaKernelException($"No CUDA kernel can run here: {UnavailableReason}.");

    /// <summary>Whether a kernel is to be used for these tensors: they are on a GPU, and kernels can run there.</summary>
    /// <param name="tensor">One of its inputs.</param>
    /// <param name="kernel">What the warning calls the kernel, such as "the sLSTM scan".</param>
    /// <param name="cost">What going without it costs, such as "a training step takes about 20 times as long".</param>
    internal static bool Use(Tensor tensor, string kernel, string cost) =>
        tensor.device_type == DeviceType.CUDA && (UnavailableReason is null || WarnOnce($"{kernel} runs as plain tensor operations: {UnavailableReason}; {cost}"));

    /// <summary>Says once a process that a kernel cannot serve.</summary>
    /// <returns>False, for the caller to return.</returns>
    internal static bool WarnOnce(string message)
    {
        if (Warned.TryAdd(message, true))
        {
            Console.Error.WriteLine($"warning: {message}");
        }
        return false;
    }

    private static Found Find()
    {
        if (IsOff)
        {
            return new($"{Switch} is off");
        }
        if (!OperatingSystem.IsLinux())
        {
            return new("kernels need Linux");
        }
        if (!cuda.is_available())
        {
            return new("torch finds no CUDA GPU");
        }

        using (var started = zeros(1, device: CUDA)) { } // torch makes the context

        try
        {
            var card = CudaCard.First();
            if (Wanted.StartsWith("sm_", StringComparison.Ordinal))
            {
                card = card.As(Wanted);
            }
            if (card.Major < 8)
            {
                return new($"{card.Name} has compute capability {card.Major}.{card.Minor}, kernels need 8.0");
            }

            var compiler = RuntimeCompiler.Find();
            return compiler is null ? new("there is no NVRTC (libnvrtc.so.13 or .12) beside torch or on the library path") : new(null, card, compiler);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CudaKernelException)
        {
            return new($"CUDA's driver or compiler does not serve{(Wanted.Length > 0 ? $" with {Switch}={Wanted}" : "")}: {error.Message}");
        }
    }

    private sealed record Found(string? UnavailableReason, CudaCard? Card = null, RuntimeCompiler? Compiler = null);
}
