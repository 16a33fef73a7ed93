using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>x += mLSTM(norm(x)), with projections up and down around the cell.</summary>
internal sealed class MLstmBlock(XlstmConfig config, BlockWeights weights) : IXlstmBlock
{
    private readonly CausalConvolution _convolution = new(weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var (inner, gate) = Up(x, arithmetic);
        var convolved = _convolution.Forward(inner);
        if (!MLstmFusedCell.Serves(convolved, config.MlstmInnerWidth / config.MlstmHeads)) { return Rest(x, inner, gate, convolved, null).MoveToOuterDisposeScope(); }

        Tensor Heads(Tensor from, string name) => MLstmProjections.Heads(from, weights[name], config.MlstmHeads);
        var mixed = MLstmFusedCell.Forward(new(
            Heads(convolved, "xlstm.q_proj.weight"), Heads(convolved, "xlstm.k_proj.weight"), Heads(inner, "xlstm.v_proj.weight"),
            MLstmProjections.Gates(convolved, inner, weights), convolved, gate, weights["xlstm.mlstm_cell.outnorm.weight"], weights["xlstm.learnable_skip"]));
        return (x + linear(mixed, weights["xlstm.proj_down.weight"].to(mixed.dtype))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IBlockState Start(long batch, ScalarType arithmetic)
    {
        var (heads, device) = (config.MlstmHeads, weights["xlstm_norm.weight"].device);
        return new State(_convolution.StartTail(batch, arithmetic), MLstmState.Start(batch, heads, config.MlstmInnerWidth / heads, device));
    }

    /// <inheritdoc/>
    public Tensor Decode(Tensor x, IBlockState state, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var own = (State)state;
        var (inner, gate) = Up(x, arithmetic);
        return Rest(x, inner, gate, _convolution.Forward(inner, ref own.Tail), own.Memory).MoveToOuterDisposeScope();
    }

    /// <returns>x_m and z, each (B, S, I).</returns>
    private (Tensor Inner, Tensor Gate) Up(Tensor x, ScalarType arithmetic)
    {
        var halves = linear(Norms.Layer(x, weights["xlstm_norm.weight"], arithmetic), weights["xlstm.proj_up.weight"].to(arithmetic)).chunk(2, -1);
        return (halves[0], halves[1]);
    }

    private Tensor Rest(Tensor x, Tensor inner, Tensor gate, Tensor convolved, MLstmState? memory)
    {
        var (batch, length, heads) = (x.shape[0], x.shape[1], config.MlstmHeads);
        var q = HeadwiseLinear.Forward(convolved, weights["xlstm.q_proj.weight"]);                          // (B, S, I)
        var k = HeadwiseLinear.Forward(convolved, weights["xlstm.k_proj.weight"]);
        var v = HeadwiseLinear.Forward(inner, weights["xlstm.v_proj.weight"]);
        var gates = linear(
            cat([q, k, v], -1).to(ScalarType.Float32),
            cat([weights["xlstm.mlstm_cell.igate.weight"], weights["xlstm.mlstm_cell.fgate.weight"]]),
            cat([weights["xlstm.mlstm_cell.igate.bias"], weights["xlstm.mlstm_cell.fgate.bias"]])).transpose(1, 2);   // (B, 2·NH, S)
        var (input, forget) = (gates.narrow(1, 0, heads), gates.narrow(1, heads, heads));
        Tensor Heads(Tensor t) => t.to(ScalarType.Float32).view(batch, length, heads, -1).transpose(1, 2);   // (B, NH, S, DH)
        var hidden = memory is null
            ? MLstmForm.Forward(Heads(q), Heads(k), Heads(v), input, forget)
            : MLstmForm.Decode(Heads(q), Heads(k), Heads(v), input, forget, memory);                         // (B, NH, S, DH)
        var normed = Norms.Heads(hidden.transpose(1, 2), weights["xlstm.mlstm_cell.outnorm.weight"]);        // (B, S, I)
        var mixed = addcmul(normed, weights["xlstm.learnable_skip"], convolved, 1) * silu(gate);
        return x + linear(mixed.to(inner.dtype), weights["xlstm.proj_down.weight"].to(inner.dtype));
    }

    private sealed class State(Tensor tail, MLstmState memory) : IBlockState
    {
        internal Tensor Tail = tail;

        internal MLstmState Memory => memory;

        public long Bytes => Tail.numel() * Tail.ElementSize + memory.Bytes;

        public void Dispose()
        {
            Tail.Dispose();
            memory.Dispose();
        }
    }
}
