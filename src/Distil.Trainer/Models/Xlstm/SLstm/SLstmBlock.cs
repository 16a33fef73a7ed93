using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>x += sLSTM(norm(x)); x += FFN(norm(x)).</summary>
internal sealed class SLstmBlock(XlstmConfig config, SLstmWeights weights, SLstmForms forms) : IXlstmBlock
{
    private readonly CausalConvolution _convolution = new(weights.Convolution, forms.Convolution.Run, forms.Type);
    private readonly GatedFeedForward _feedForward = new(weights.FeedForward, forms.FeedForwardUp.Run);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (normed, cellOutput) = Up(x);
        return Rest(x, _convolution.Forward(normed), cellOutput, null).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IBlockState Start(long batch)
    {
        var heads = config.SlstmHeads;
        return new State(_convolution.StartTail(batch, forms.Type), SLstmState.Start(batch, heads, config.Width / heads, weights.Norm.device));
    }

    /// <inheritdoc/>
    public Tensor Decode(Tensor x, IBlockState state)
    {
        using var scope = NewDisposeScope();
        var own = (State)state;
        var (normed, cellOutput) = Up(x);
        return Rest(x, _convolution.Forward(normed, ref own.Tail), cellOutput, own.Cells).MoveToOuterDisposeScope();
    }

    /// <returns>The norm, (B, S, D), and what it contributes to the gates z and o, (NH, B·S, 2·DH). The norm of h amplifies a rounding of z.</returns>
    private NormedHeadwiseOutputs Up(Tensor x) => forms.Up.Run(new(x, weights.Norm, weights.CellOutput()));

    /// <param name="x">The block's input, (B, S, D).</param>
    /// <param name="convolved">c, (B, S, D).</param>
    /// <param name="cellOutput">(NH, B·S, 2·DH).</param>
    /// <param name="cells">Null for a whole sequence.</param>
    private Tensor Rest(Tensor x, Tensor convolved, Tensor cellOutput, SLstmState? cells)
    {
        var (batch, length, heads) = (x.shape[0], x.shape[1], config.SlstmHeads);
        Tensor Gates(Tensor rows) => rows.view(heads, batch, length, -1);                       // (NH, B, S, 2·DH)
        var inputForget = Gates(HeadwiseLinear.BlocksFirst(convolved, weights.InputForget()));
        var hidden = forms.Scan.Run(new(inputForget, Gates(cellOutput), weights.Recurrent, weights.RecurrentBias), cells); // (B, S, NH, DH)
        x = forms.HeadNorm.Run(new(x, hidden, weights.HeadNorm));
        return x + _feedForward.Forward(x, forms.Type);
    }

    private sealed class State(Tensor tail, SLstmState cells) : IBlockState
    {
        internal Tensor Tail = tail;

        internal SLstmState Cells => cells;

        public long Bytes => Tail.numel() * Tail.ElementSize + cells.Bytes;

        public void Dispose()
        {
            Tail.Dispose();
            cells.Dispose();
        }
    }
}
