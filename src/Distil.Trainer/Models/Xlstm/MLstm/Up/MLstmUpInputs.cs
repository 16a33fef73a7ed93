using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>The inputs of an mLSTM block's up-projection.</summary>
/// <param name="Stream">x, float32, (B, S, D).</param>
/// <param name="Weights">Weights of the block.</param>
internal sealed record MLstmUpInputs(Tensor Stream, MLstmUpWeights Weights);

/// <summary>The results of an mLSTM block's up-projection, each (B, S, I).</summary>
/// <param name="Inner">x_m.</param>
/// <param name="Gate">z.</param>
/// <param name="Convolved">c, the convolution of x_m.</param>
internal sealed record MLstmUpOutputs(Tensor Inner, Tensor Gate, Tensor Convolved);

/// <summary>The weights of norm, projection up and convolution, float32.</summary>
/// <param name="Norm">w of the norm, (D).</param>
/// <param name="Projection">(2·I, D): to x_m, then to z.</param>
/// <param name="Convolution">Weights of the convolution of x_m, (I, 1, K) and (I).</param>
internal sealed record MLstmUpWeights(Tensor Norm, Tensor Projection, ConvolutionWeights Convolution)
{
    /// <value>I.</value>
    internal long Width => Projection.size(0) / 2;

    /// <value>(I, D).</value>
    internal Tensor ToInner => Projection.narrow(0, 0, Width);

    /// <value>(I, D).</value>
    internal Tensor ToGate => Projection.narrow(0, Width, Width);
}
