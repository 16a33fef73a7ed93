using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>An mLSTM block's way up: norm, projection to x_m and z, and c, the convolution of x_m.</summary>
/// <remarks>q and k come from c, and sums of q·k nearly cancel at some positions: up to c nothing is rounded. Only z is bfloat16's product.</remarks>
internal sealed class MLstmUp(BlockWeights weights)
{
    private readonly CausalConvolution _convolution = new(weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);

    /// <summary>A whole sequence.</summary>
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="arithmetic">Element type of the results.</param>
    /// <returns>x_m, z and c, each (B, S, I).</returns>
    internal (Tensor Inner, Tensor Gate, Tensor Convolved) Forward(Tensor x, ScalarType arithmetic)
    {
        var all = MLstmUpInputs.Of(x, weights);
        return MLstmCudaUp.Serves(all, arithmetic) ? MLstmCudaUp.Forward(all) : Plain(all, arithmetic);
    }

    /// <summary>Further positions of a sequence.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="tail">The last x_m before them, float32, (B, K − 1, I); advanced.</param>
    /// <param name="arithmetic">As there.</param>
    internal (Tensor Inner, Tensor Gate, Tensor Convolved) Forward(Tensor x, ref Tensor tail, ScalarType arithmetic)
    {
        var all = MLstmUpInputs.Of(x, weights);
        var (inner, gate) = MLstmCudaUp.Serves(all, arithmetic) ? MLstmCudaUp.Project(all) : Project(all, arithmetic);
        return (inner.to(arithmetic), gate, _convolution.Forward(inner, ref tail, arithmetic));
    }

    /// <inheritdoc cref="CausalConvolution.StartTail"/>
    internal Tensor StartTail(long batch) => _convolution.StartTail(batch, ScalarType.Float32);

    /// <summary>In plain tensor operations.</summary>
    internal static (Tensor Inner, Tensor Gate, Tensor Convolved) Plain(MLstmUpInputs all, ScalarType arithmetic)
    {
        var (inner, gate) = Project(all, arithmetic);
        return (inner.to(arithmetic), gate, new CausalConvolution(all.Taps, all.Bias).Forward(inner, arithmetic));
    }

    /// <returns>x_m, float32, and z.</returns>
    private static (Tensor Inner, Tensor Gate) Project(MLstmUpInputs all, ScalarType arithmetic)
    {
        var normed = Norms.Plain(all.Stream, all.Norm, ScalarType.Float32);
        return (linear(normed, all.ToInner), linear(normed.to(arithmetic), all.ToGate.to(arithmetic)));
    }
}
