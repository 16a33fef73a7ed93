using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>x += mLSTM(norm(x)), with projections up and down around the cell.</summary>
internal sealed class MLstmBlock(XlstmConfig config, MLstmWeights weights, MLstmForms forms) : IXlstmBlock
{
    private readonly CausalConvolution _decodingConvolution = new(weights.Up.Convolution, forms.DecodingConvolution, forms.Type);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (inner, gate, convolved) = forms.Up.Run.Forward(new(x, weights.Up));
        return Down(x, forms.Cell.Run(new(convolved, inner, gate, weights.Cell))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IBlockState Start(long batch)
    {
        var heads = config.MlstmHeads;
        return new State(
            _decodingConvolution.StartTail(batch, ScalarType.Float32), MLstmState.Start(batch, heads, config.MlstmInnerWidth / heads, weights.Down.device));
    }

    /// <inheritdoc/>
    public Tensor Decode(Tensor x, IBlockState state)
    {
        using var scope = NewDisposeScope();
        var own = (State)state;
        var (inner, gate) = forms.Up.Run.Project(new(x, weights.Up));
        var convolved = _decodingConvolution.Forward(inner, ref own.Tail);
        return Down(x, MLstmPlainCell.Forward(new(convolved, inner.to(forms.Type), gate, weights.Cell), own.Memory)).MoveToOuterDisposeScope();
    }

    private Tensor Down(Tensor x, Tensor mixed) => x + linear(mixed, weights.Down.to(mixed.dtype));

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
