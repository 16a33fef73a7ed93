using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>The norm after all blocks.</summary>
internal sealed class FusedNorm : IFusedBlock
{
    private readonly CudaLayerNorm.Saved _norm;

    /// <param name="x">The stream, float32 (B, S, D).</param>
    /// <param name="weight">(D).</param>
    internal FusedNorm(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        (var output, _norm) = CudaLayerNorm.Instance.RunSaving(new(x, weight));
        Saved.Keep(_norm.X, _norm.Statistics);
        Output = output.MoveToOuterDisposeScope();
    }

    /// <value>bfloat16, (B, S, D).</value>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        var (dx, dWeight) = CudaLayerNorm.Instance.Gradients(_norm, gradient);
        WeightGradients.Add(_norm.Weight, dWeight);
        return dx;
    }
}
