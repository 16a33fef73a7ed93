using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>The norm after all blocks.</summary>
internal sealed class FusedNorm : IFusedBlock
{
    private readonly Tensor _x, _weight, _statistics;

    /// <param name="x">The stream, float32 (B, S, D).</param>
    /// <param name="weight">(D).</param>
    internal FusedNorm(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        _weight = weight;
        _x = Kept.Keep(x.alias());
        (Output, _statistics) = CudaLayerNorm.Run(x, weight);
        Kept.Keep(_statistics);
        Output.MoveToOuterDisposeScope();
    }

    /// <value>bfloat16, (B, S, D).</value>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var gradients = CudaLayerNorm.Gradients(gradient, _x, _weight, _statistics);
        WeightGradients.Add(_weight, gradients[1]);
        return gradients[0];
    }
}
