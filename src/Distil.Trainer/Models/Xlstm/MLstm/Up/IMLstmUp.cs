using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>A form of an mLSTM block's up-projection: norm, projection to x_m and z, and the convolution of x_m.</summary>
/// <remarks>q and k come from c, and sums of q·k nearly cancel at some positions: nothing is rounded before c. Only z is a product in bfloat16.</remarks>
internal interface IMLstmUp
{
    /// <summary>A whole sequence.</summary>
    MLstmUpOutputs Forward(MLstmUpInputs inputs);

    /// <summary>The projection alone, for further positions of a sequence. Records no gradient.</summary>
    /// <returns>x_m, float32, and z, each (B, S, I).</returns>
    (Tensor Inner, Tensor Gate) Project(MLstmUpInputs inputs);
}
