using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>What the fused cell takes, in the layout in which it takes it.</summary>
internal static class MLstmProjections
{
    /// <summary>A headwise projection as (B, NH, P, DH), P the length rounded up to whole chunks; zeros past S.</summary>
    /// <param name="x">(B, S, I).</param>
    /// <param name="weight">(blocks, out, in).</param>
    /// <param name="heads">NH.</param>
    internal static Tensor Heads(Tensor x, Tensor weight, int heads)
    {
        using var scope = NewDisposeScope();
        var (batch, length, width, block) = (x.shape[0], x.shape[1], x.shape[2], weight.shape[1]);
        var missing = MLstmFusedCell.Padded(length) - length;
        var product = HeadwiseLinear.BlocksFirst(x, weight);                                                  // (blocks, B·S, out)
        var split = width / heads % block == 0
            ? product.view(heads, -1, batch, length, block).permute(2, 0, 3, 1, 4).reshape(batch, heads, length, -1)
            : product.transpose(0, 1).reshape(batch, length, heads, -1).transpose(1, 2);                      // (B, NH, S, DH)
        return (missing > 0 ? pad(split, [0, 0, 0, missing]) : split).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Gates of q, k and v without passing over them: q = Wq·c, so that a gate's weights times Wq weigh c itself.</summary>
    /// <param name="convolved">c, (B, S, I), from which q and k come.</param>
    /// <param name="inner">x_m, (B, S, I), from which v comes.</param>
    /// <param name="weights">Of the block.</param>
    /// <returns>Pre-activations, float32, (B, S, 2·NH): all i, then all f.</returns>
    internal static Tensor Gates(Tensor convolved, Tensor inner, BlockWeights weights)
    {
        using var scope = NewDisposeScope();
        var matrices = cat([weights["xlstm.mlstm_cell.igate.weight"], weights["xlstm.mlstm_cell.fgate.weight"]]).chunk(3, -1);   // each (2·NH, I)
        var bias = cat([weights["xlstm.mlstm_cell.igate.bias"], weights["xlstm.mlstm_cell.fgate.bias"]]);
        Tensor Through(Tensor gate, string name)
        {
            var projection = weights[name];                                                                   // (blocks, out, in)
            return gate.view(gate.shape[0], projection.shape[0], -1).transpose(0, 1).bmm(projection).transpose(0, 1).reshape(gate.shape);
        }

        var ofConvolved = (Through(matrices[0], "xlstm.q_proj.weight") + Through(matrices[1], "xlstm.k_proj.weight")).to(convolved.dtype);
        var ofInner = Through(matrices[2], "xlstm.v_proj.weight").to(inner.dtype);
        return (linear(convolved, ofConvolved).to(ScalarType.Float32) + linear(inner, ofInner) + bias).MoveToOuterDisposeScope();
    }
}
