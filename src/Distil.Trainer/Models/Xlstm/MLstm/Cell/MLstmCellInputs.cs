using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>The inputs of an mLSTM cell, between the up-projection and the projection down. c, x_m, z and the result are (B, S, I), I = NH·DH.</summary>
/// <param name="Convolved">c: q and k come from it.</param>
/// <param name="Inner">x_m: v comes from it.</param>
/// <param name="Gate">z.</param>
/// <param name="Weights">Weights of the block.</param>
internal sealed record MLstmCellInputs(Tensor Convolved, Tensor Inner, Tensor Gate, MLstmCellWeights Weights)
{
    /// <value>B.</value>
    internal long Batch => Convolved.size(0);

    /// <value>S.</value>
    internal long Length => Convolved.size(1);

    /// <value>I.</value>
    internal long Width => Convolved.size(2);

    /// <value>NH.</value>
    internal long Heads => Weights.InputBias.size(0);
}

/// <summary>The weights of an mLSTM cell, float32.</summary>
/// <param name="Query">Weight of q, (blocks, out, in).</param>
/// <param name="Key">Weight of k.</param>
/// <param name="Value">Weight of v.</param>
/// <param name="InputGate">(NH, 3·I), over q, k and v.</param>
/// <param name="ForgetGate">(NH, 3·I).</param>
/// <param name="InputBias">(NH).</param>
/// <param name="ForgetBias">(NH).</param>
/// <param name="Norm">w of the norm per head, (I).</param>
/// <param name="Skip">(I).</param>
internal sealed record MLstmCellWeights(
    Tensor Query, Tensor Key, Tensor Value, Tensor InputGate, Tensor ForgetGate, Tensor InputBias, Tensor ForgetBias, Tensor Norm, Tensor Skip);
