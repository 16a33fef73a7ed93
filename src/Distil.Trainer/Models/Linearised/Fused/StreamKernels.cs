using System.Collections.Concurrent;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The kernels of a Transformer's float32 residual stream: sum and RMSNorm, and SwiGLU between its matrix products, in both directions.</summary>
internal static class StreamKernels
{
    /// <summary>Largest width of the stream: a block keeps a row in registers.</summary>
    internal const int MaxWidth = 8192;

    private const int Threads = 256, MostBlocks = 4096, Piece = 8;

    /// <summary>Threads of the norm's backward kernel: each block sums the weight's gradient over its rows.</summary>
    private const int BackwardThreads = 528 * Threads;

    private static readonly ConcurrentDictionary<int, CudaProgram> Programs = new();

    /// <summary>x + δ and its norm.</summary>
    /// <param name="x">The stream, float32 (N, D).</param>
    /// <param name="delta">What is added to it, bfloat16; null if nothing is.</param>
    /// <param name="norm">The norm.</param>
    /// <returns>The sum (x itself without δ), the normed sum in bfloat16, and 1 over each row's root mean square, (N).</returns>
    internal static (Tensor Sum, Tensor Normed, Tensor Scale) Norm(Tensor x, Tensor? delta, RmsNorm norm)
    {
        var rows = x.shape[0];
        var sum = delta is null ? x : empty_like(x);
        var (normed, scale) = (empty(x.shape, ScalarType.BFloat16, x.device), empty(rows, ScalarType.Float32, x.device));
        Program(x)["rms_norm"].Launch(new(rows, ThreadsOf(x)), x, delta, norm.Weight, sum, normed, scale, (int)x.shape[1], (float)norm.Epsilon);
        return (sum, normed, scale);
    }

    /// <summary>The backward pass of <see cref="Norm"/>.</summary>
    /// <param name="ofSum">Gradient of the sum, float32; null if that was not used.</param>
    /// <param name="ofNormed">Gradient of the normed sum, bfloat16.</param>
    /// <param name="sum">The sum.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="scale">From the forward pass.</param>
    /// <param name="rounds">Whether the gradient is also wanted in bfloat16.</param>
    /// <returns>The gradient of x, and of δ in bfloat16, and that of the weight.</returns>
    internal static (Tensor OfSum, Tensor? Rounded, Tensor OfWeight) NormGradients(
        Tensor? ofSum, Tensor ofNormed, Tensor sum, RmsNorm norm, Tensor scale, bool rounds)
    {
        var (rows, width) = (sum.shape[0], sum.shape[1]);
        var blocks = Math.Min(rows, BackwardThreads / ThreadsOf(sum));
        var gradient = empty_like(sum);
        var rounded = rounds ? empty_like(ofNormed) : null;
        var partial = empty([blocks, width], ScalarType.Float32, sum.device);
        Program(sum)["rms_norm_backward"].Launch(
            new(blocks, ThreadsOf(sum)), ofSum, ofNormed, sum, norm.Weight, scale, gradient, rounded, partial, (int)width, (int)rows);
        return (gradient, rounded, partial.sum([0L]));
    }

    /// <summary>SiLU(gate)·up.</summary>
    /// <param name="both">Gate and up side by side, (N, 2·F) bfloat16.</param>
    /// <returns>(N, F).</returns>
    internal static Tensor Gated(Tensor both)
    {
        var inner = both.shape[1] / 2;
        var gated = empty([both.shape[0], inner], ScalarType.BFloat16, both.device);
        Program(both)["gate_up"].Launch(Each(gated), both, gated, gated.numel() / 8, (int)inner);
        return gated;
    }

    /// <summary>The backward pass of <see cref="Gated"/>.</summary>
    /// <param name="both">Its input.</param>
    /// <param name="gradient">Gradient of its result, which is replaced by the result itself: that need not be stored.</param>
    /// <returns>The gradient of <paramref name="both"/>.</returns>
    internal static Tensor GatedGradients(Tensor both, Tensor gradient)
    {
        var ofBoth = empty_like(both);
        Program(both)["gate_up_backward"].Launch(Each(gradient), both, gradient, ofBoth, gradient.numel() / 8, (int)gradient.shape[1]);
        return ofBoth;
    }

    /// <summary>Threads of a block that has a row: no more than the row has pieces.</summary>
    private static int ThreadsOf(Tensor x) => (int)Math.Min(Threads, (x.shape[1] / Piece + 31) / 32 * 32);

    private static CudaProgram Program(Tensor x) => Programs.GetOrAdd(
        Math.Min(MaxWidth / Piece / Threads, (int)((x.shape[1] / Piece + Threads - 1) / Threads)), pieces => new("stream.cu", $"PIECES={pieces}"));

    private static Inference.Cuda.LaunchShape Each(Tensor gated) => new(Math.Min(MostBlocks, (gated.numel() / 8 + Threads - 1) / Threads), Threads);
}
