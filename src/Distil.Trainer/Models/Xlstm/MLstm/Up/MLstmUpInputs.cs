using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>What goes into an mLSTM block's way up; all float32.</summary>
/// <param name="Stream">x, (B, S, D).</param>
/// <param name="Norm">Weight w of the norm, (D).</param>
/// <param name="Projection">(2·I, D): to x_m, then to z.</param>
/// <param name="Taps">Of the convolution, (I, 1, K).</param>
/// <param name="Bias">Of the convolution, (I).</param>
internal sealed record MLstmUpInputs(Tensor Stream, Tensor Norm, Tensor Projection, Tensor Taps, Tensor Bias)
{
    /// <value>Tensors in it.</value>
    internal const int Count = 5;

    /// <value>I.</value>
    internal long Width => Projection.size(0) / 2;

    /// <value>(I, D).</value>
    internal Tensor ToInner => Projection.narrow(0, 0, Width);

    /// <value>(I, D).</value>
    internal Tensor ToGate => Projection.narrow(0, Width, Width);

    internal static MLstmUpInputs Of(IReadOnlyList<Tensor> all) => new(all[0], all[1], all[2], all[3], all[4]);

    internal static MLstmUpInputs Of(Tensor stream, BlockWeights weights) => new(
        stream, weights["xlstm_norm.weight"], weights["xlstm.proj_up.weight"], weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);

    internal IReadOnlyList<Tensor> All() => [Stream, Norm, Projection, Taps, Bias];
}
