using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>
/// The plain form of the mLSTM cell with its projections, norm, skip and output gate: for any device, and the reference that the kernels are checked against.
/// </summary>
internal static class MLstmPlainCell
{
    /// <param name="inputs">Inputs of any element type; scores, gates and states are float32.</param>
    /// <param name="memory">The state to start from, which is advanced; null for a whole sequence.</param>
    /// <returns>(B, S, I), of c's element type.</returns>
    internal static Tensor Forward(MLstmCellInputs inputs, MLstmState? memory = null)
    {
        using var scope = NewDisposeScope();
        var (convolved, heads, weights) = (inputs.Convolved, inputs.Heads, inputs.Weights);
        // (B, S, I); the weights not rounded
        Tensor OfConvolved(Tensor weight) => HeadwiseLinear.Forward(convolved.to(weight.dtype), weight).to(convolved.dtype);
        var (q, k) = (OfConvolved(weights.Query), OfConvolved(weights.Key));
        var v = HeadwiseLinear.Forward(inputs.Inner, weights.Value);
        var gates = linear(
            cat([q, k, v], -1).to(ScalarType.Float32),
            cat([weights.InputGate, weights.ForgetGate]),
            cat([weights.InputBias, weights.ForgetBias])).transpose(1, 2);                                   // (B, 2·NH, S)
        var (input, forget) = (gates.narrow(1, 0, heads), gates.narrow(1, heads, heads));
        Tensor Heads(Tensor t) => t.to(ScalarType.Float32).view(inputs.Batch, inputs.Length, heads, -1).transpose(1, 2);   // (B, NH, S, DH)
        var hidden = memory is null
            ? MLstmForm.Forward(Heads(q), Heads(k), Heads(v), input, forget)
            : MLstmForm.Decode(Heads(q), Heads(k), Heads(v), input, forget, memory);                         // (B, NH, S, DH)
        var normed = Norms.Heads(hidden.transpose(1, 2), weights.Norm);                                      // (B, S, I)
        var mixed = addcmul(normed, weights.Skip, convolved, 1) * silu(inputs.Gate);
        return mixed.to(convolved.dtype).MoveToOuterDisposeScope();
    }
}
