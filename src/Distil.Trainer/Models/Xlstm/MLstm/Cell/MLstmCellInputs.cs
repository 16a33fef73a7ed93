using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>What goes into an mLSTM cell between the convolution and the projection down. c, x_m, z and the result are (B, S, I), I = NH·DH.</summary>
/// <param name="Convolved">c: q and k come from it.</param>
/// <param name="Inner">x_m: v comes from it.</param>
/// <param name="Gate">z.</param>
/// <param name="Query">Weight of q, (blocks, out, in), float32 as all weights here.</param>
/// <param name="Key">Weight of k.</param>
/// <param name="Value">Weight of v.</param>
/// <param name="InputGate">(NH, 3·I), over q, k and v.</param>
/// <param name="ForgetGate">(NH, 3·I).</param>
/// <param name="InputBias">(NH).</param>
/// <param name="ForgetBias">(NH).</param>
/// <param name="Norm">Weight w of the norm per head, (I).</param>
/// <param name="Skip">(I).</param>
internal sealed record MLstmCellInputs(
    Tensor Convolved, Tensor Inner, Tensor Gate, Tensor Query, Tensor Key, Tensor Value, Tensor InputGate, Tensor ForgetGate, Tensor InputBias, Tensor ForgetBias,
    Tensor Norm, Tensor Skip)
{
    /// <value>Tensors in it.</value>
    internal const int Count = 12;

    internal long Batch => Convolved.size(0);

    internal long Length => Convolved.size(1);

    internal long Width => Convolved.size(2);

    internal long Heads => InputBias.size(0);

    internal static MLstmCellInputs Of(IReadOnlyList<Tensor> all) => new(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], all[8], all[9], all[10], all[11]);

    internal static MLstmCellInputs Of(BlockWeights weights, Tensor convolved, Tensor inner, Tensor gate) => new(
        convolved, inner, gate, weights["xlstm.q_proj.weight"], weights["xlstm.k_proj.weight"], weights["xlstm.v_proj.weight"],
        weights["xlstm.mlstm_cell.igate.weight"], weights["xlstm.mlstm_cell.fgate.weight"], weights["xlstm.mlstm_cell.igate.bias"], weights["xlstm.mlstm_cell.fgate.bias"],
        weights["xlstm.mlstm_cell.outnorm.weight"], weights["xlstm.learnable_skip"]);

    internal IReadOnlyList<Tensor> All() => [Convolved, Inner, Gate, Query, Key, Value, InputGate, ForgetGate, InputBias, ForgetBias, Norm, Skip];
}
