using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>x += mLSTM(norm(x)), with projections up and down around the cell.</summary>
internal sealed class MLstmBlock(XlstmConfig config, BlockWeights weights) : IXlstmBlock
{
    private readonly MLstmUp _up = new(weights);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var (inner, gate, convolved) = _up.Forward(x, arithmetic);
        var inputs = MLstmCellInputs.Of(weights, convolved, inner, gate);
        return Down(x, MLstmCudaCell.Serves(inputs) ? MLstmCudaCell.Forward(inputs) : MLstmPlainCell.Forward(inputs)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IBlockState Start(long batch, ScalarType arithmetic)
    {
        var (heads, device) = (config.MlstmHeads, weights["xlstm_norm.weight"].device);
        return new State(_up.StartTail(batch), MLstmState.Start(batch, heads, config.MlstmInnerWidth / heads, device));
    }

    /// <inheritdoc/>
    public Tensor Decode(Tensor x, IBlockState state, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var own = (State)state;
        var (inner, gate, convolved) = _up.Forward(x, ref own.Tail, arithmetic);
        return Down(x, MLstmPlainCell.Forward(MLstmCellInputs.Of(weights, convolved, inner, gate), own.Memory)).MoveToOuterDisposeScope();
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
