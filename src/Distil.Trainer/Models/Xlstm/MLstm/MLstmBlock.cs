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
        var inputs = MLstmCellInputs.Of(weights, _convolution.Forward(inner), inner, gate);
        return Down(x, MLstmFusedCell.Serves(inputs) ? MLstmFusedCell.Forward(inputs) : MLstmPlainCell.Forward(inputs)).MoveToOuterDisposeScope();
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
        return Down(x, MLstmPlainCell.Forward(MLstmCellInputs.Of(weights, _convolution.Forward(inner, ref own.Tail), inner, gate), own.Memory)).MoveToOuterDisposeScope();
    }

    /// <returns>x_m and z, each (B, S, I).</returns>
    private (Tensor Inner, Tensor Gate) Up(Tensor x, ScalarType arithmetic)
    {
        var halves = linear(Norms.Layer(x, weights["xlstm_norm.weight"], arithmetic), weights["xlstm.proj_up.weight"].to(arithmetic)).chunk(2, -1);
        return (halves[0], halves[1]);
    }

    private Tensor Down(Tensor x, Tensor mixed) => x + linear(mixed, weights["xlstm.proj_down.weight"].to(mixed.dtype));

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
