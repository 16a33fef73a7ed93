using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The norm after the last layer.</summary>
internal sealed class FusedFinalNorm : IFusedBlock
{
    private readonly RmsNorm _norm;
    private readonly Tensor _x, _scale;

    /// <param name="norm">The norm.</param>
    /// <param name="x">The stream, float32 (B, S, D).</param>
    internal FusedFinalNorm(RmsNorm norm, Tensor x)
    {
        using var scope = NewDisposeScope();
        (_norm, _x) = (norm, x.view(-1, x.shape[2]));
        (_, var normed, _scale) = StreamKernels.Norm(_x, delta: null, norm);
        Output = normed.view(x.shape).MoveToOuterDisposeScope();
        Saved.Keep(_x, _scale);
    }

    /// <value>bfloat16, (B, S, D).</value>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (ofInput, _, ofWeight) = StreamKernels.NormGradients(
            ofSum: null, gradient.to(ScalarType.BFloat16).contiguous().view(_x.shape), _x, _norm, _scale, rounds: false);
        WeightGradients.AddTrained(_norm.Weight, ofWeight);
        return ofInput.view(gradient.shape).MoveToOuterDisposeScope();
    }
}
