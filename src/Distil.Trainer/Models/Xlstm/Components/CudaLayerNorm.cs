using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>LayerNorm of the float32 residual stream into bfloat16 as one CUDA kernel for each direction. Equal to <see cref="Norms.Layer"/>.</summary>
internal sealed class CudaLayerNorm : FusedOperation<LayerNormInputs, CudaLayerNorm.Saved, Tensor>
{
    /// <summary>256 threads keep a row in registers.</summary>
    private const int MaxWidth = 8192;

    /// <summary>Blocks of the backward kernel: each sums the weight's gradient over its rows, so that few partial sums remain.</summary>
    private const int BackwardBlocks = 528;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <value>The operation.</value>
    internal static CudaLayerNorm Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="X">Dense.</param>
    /// <param name="Weight">w.</param>
    /// <param name="Statistics">Mean and inverse deviation of each row, (rows, 2).</param>
    internal sealed record Saved(Tensor X, Tensor Weight, Tensor Statistics);

    /// <summary>Why the kernels do not support a width; null if they do.</summary>
    internal static string? Limit(long width) =>
        width <= MaxWidth && width % 2 == 0 ? null : $"the width is {width}; the kernel supports even numbers up to {MaxWidth}";

    /// <inheritdoc/>
    internal override (Tensor Outputs, Saved Saved) RunSaving(LayerNormInputs inputs) => RunSaving(inputs, fine: null);

    /// <inheritdoc cref="RunSaving(LayerNormInputs)"/>
    /// <param name="inputs">x float32.</param>
    /// <param name="fine">
    /// Receives the result in float16, of x's shape: 8 times as precise as bfloat16 and as fast to multiply, for products whose rounding the model amplifies.
    /// Its largest value is 65,504, which a norm, √D·|1 + w| at most, and its product with a weight do not reach; a larger value is clamped.
    /// </param>
    internal static (Tensor Outputs, Saved Saved) RunSaving(LayerNormInputs inputs, Tensor? fine)
    {
        var (x, weight) = (inputs.X.contiguous(), inputs.Weight);
        var rows = x.numel() / x.size(-1);
        var y = empty(x.shape, ScalarType.BFloat16, x.device);
        var statistics = empty([rows, 2], ScalarType.Float32, x.device);
        Program(x)["layer_norm_forward"].Launch(new(rows, 256), x, weight.contiguous(), y, fine, statistics, (float)Norms.Epsilon);
        return (y, new(x, weight, statistics));
    }

    /// <inheritdoc/>
    internal override LayerNormInputs Gradients(Saved saved, Tensor gradients)
    {
        var (x, weight, statistics) = saved;
        var rows = statistics.size(0);
        var blocks = Math.Min(rows, BackwardBlocks);
        var dx = empty_like(x);
        var dWeight = empty([blocks, x.size(-1)], ScalarType.Float32, x.device);
        Program(x)["layer_norm_backward"].Launch(
            new(blocks, 256), gradients.to(ScalarType.BFloat16).contiguous(), x, weight.contiguous(), statistics, dx, dWeight, (int)rows);
        return new(dx, dWeight.sum([0L]));
    }

    private static CudaProgram Program(Tensor x) => Programs.GetOrAdd(x.size(-1), width => new("layer_norm.cu", $"WIDTH={width}"));
}
