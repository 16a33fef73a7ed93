using System.Collections.Concurrent;
using Distil.Core.Specification;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>CE, a divergence over buckets and their gradient as one CUDA kernel. Equal to <see cref="PlainLogitLoss"/>.</summary>
/// <remarks>It reads the teacher's outputs as stored and tempers them itself: nothing besides the logits is allocated, and nothing waits for the GPU.</remarks>
internal static class CudaLogitLoss
{
    /// <summary>One thread processes one kept token, and the temperature's weights are arguments.</summary>
    private const int MaxKept = 1024, MaxNodes = 12;

    /// <summary>Threads of a block, unless more tokens are kept: two blocks then share a multiprocessor, and one reads while the other computes.</summary>
    private const int Threads = 512;

    /// <summary>Shared memory of a block and the driver in addition to the row, rounded up.</summary>
    private const int OwnShared = 4 * 1024;

    private static readonly ConcurrentDictionary<DivergenceKind, CudaProgram> Programs = new();

    /// <summary>Why the kernel does not support a teacher's outputs; null if it does.</summary>
    internal static string? Limit(TargetSizes? sizes) =>
        sizes is { MaxTokens: > MaxKept } ? $"up to {sizes.Value.MaxTokens} tokens are kept; the kernel supports {MaxKept}"
        : sizes is { Nodes: > MaxNodes } ? $"the tail is summed at {sizes.Value.Nodes} temperatures; the kernel supports {MaxNodes}"
        : null;

    /// <summary>Elements from one row of logits to the next: rows begin at whole vectors of 16 bytes.</summary>
    internal static long Stride(long vocabulary) => (vocabulary + 7) / 8 * 8;

    /// <inheritdoc cref="PlainLogitLoss.Apply"/>
    /// <param name="logits">(n, V) bfloat16 or float32, rows <see cref="Stride"/> apart; overwritten.</param>
    /// <param name="targets">Targets of the same n positions.</param>
    /// <param name="losses">Receives the losses, (n) float32 each.</param>
    internal static void Apply(Tensor logits, LogitTargets targets, PositionLosses losses)
    {
        var (rows, vocabulary, teacher) = ((int)logits.shape[0], (int)logits.shape[1], targets.Teacher);
        var kept = teacher is null ? 0 : (int)teacher.TokenIds.shape[1];
        var nodes = teacher?.InverseTemperatures.Count ?? 0;
        Span<float> w = stackalloc float[MaxNodes];
        if (teacher is not null)
        {
            foreach (var (i, weight) in TemperatureNodes.Weights(teacher.InverseTemperatures, 1 / targets.Temperature).Index())
            {
                w[i] = (float)weight;
            }
        }

        using var drawWeights = teacher?.DrawWeights();

        // One thread for each kept token, and no more than the row needs.
        var threads = Math.Max(Warps(kept), Math.Clamp(Warps(vocabulary / 32), 128, Threads));
        var cached = Cached(logits.stride(0) * logits.element_size(), CudaRuntime.Card);
        var program = Programs.GetOrAdd(targets.Divergence.Kind, kind => new("distillation.cu", $"DIVERGENCE={(int)kind}"));
        program[logits.dtype == ScalarType.BFloat16 ? "distillation_bf16" : "distillation_float"].Launch(
            new(rows, threads, SharedBytes: cached), KernelArgument.Strided(logits), logits.stride(0),
            vocabulary, targets.Labels, targets.CrossEntropyScale, targets.KlScale,
            teacher?.TokenIds, teacher?.LogProbabilities, teacher?.TailLogSumExp, drawWeights, kept, (int)(teacher?.DrawSlots ?? 0), nodes,
            (float)(1 / targets.Temperature),
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11],
            (float)targets.Divergence.TeacherWeight, cached / 16, losses.CrossEntropy, losses.Kl);
    }

    /// <summary>
    /// Bytes of a row that a block holds in its half of a multiprocessor's shared memory, in whole vectors; the rest is read from the card's memory twice.
    /// </summary>
    internal static int Cached(long rowBytes, CudaCard card) => (int)Math.Min(rowBytes, card.SharedBytes / 2 - OwnShared) / 16 * 16;

    /// <summary>A number of threads rounded up to whole warps.</summary>
    private static int Warps(int threads) => (threads + 31) / 32 * 32;
}
