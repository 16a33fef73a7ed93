using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>A norm per head, added to the residual stream, as one CUDA kernel for each direction. Equal to <see cref="Norms.HeadsOnto"/>.</summary>
internal sealed class CudaHeadNorm : FusedOperation<HeadNormInputs, CudaHeadNorm.Saved, Tensor>
{
    private const int Warps = 8, BackwardBlocks = 528, MaxSize = 1024;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <value>The operation.</value>
    internal static CudaHeadNorm Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Hidden">Dense.</param>
    /// <param name="Weight">w.</param>
    internal sealed record Saved(Tensor Hidden, Tensor Weight);

    /// <summary>Why the kernels do not support a head's size; null if they do.</summary>
    internal static string? Limit(long size) =>
        size <= MaxSize && size % 2 == 0 ? null : $"a head has {size} units; the kernel supports even numbers up to {MaxSize}";

    /// <inheritdoc/>
    /// <param name="inputs">The stream float32, the hidden states bfloat16.</param>
    internal override (Tensor Outputs, Saved Saved) RunSaving(HeadNormInputs inputs)
    {
        var (stream, hidden, weight) = (inputs.Stream.contiguous(), inputs.Hidden.contiguous(), inputs.Weight);
        var (heads, size) = (hidden.size(2), hidden.size(3));
        var items = hidden.numel() / size;
        var result = empty_like(stream);
        Program(size)["head_norm_forward"].Launch(
            new((items + Warps - 1) / Warps, 32 * Warps), stream, hidden, weight, result, items, (int)heads, (float)Norms.Epsilon);
        return (result, new(hidden, weight));
    }

    /// <inheritdoc/>
    internal override HeadNormInputs Gradients(Saved saved, Tensor gradients)
    {
        var (hidden, weight) = saved;
        var (heads, size) = (hidden.size(2), hidden.size(3));
        var launch = new LaunchShape(heads, 32 * Warps, GridY: (int)Math.Max(1, BackwardBlocks / heads));
        var dense = gradients.contiguous();
        var dHidden = empty_like(hidden);
        var partial = empty([launch.GridY, heads * size], ScalarType.Float32, hidden.device);
        Program(size)["head_norm_backward"].Launch(
            launch, dense, hidden, weight, dHidden, partial, (int)(hidden.size(0) * hidden.size(1)), (int)heads, (float)Norms.Epsilon);
        return new(dense.detach(), dHidden, partial.sum([0L]));
    }

    private static CudaProgram Program(long size) => Programs.GetOrAdd(size, key => new("head_norm.cu", $"HEAD_SIZE={key}"));
}
