using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>x += sLSTM(norm(x)); x += FFN(norm(x)).</summary>
/// <remarks>In the reference the matrix called fgate feeds the input gate, and igate the forget gate.</remarks>
internal sealed class SLstmBlock(XlstmConfig config, BlockWeights weights) : IXlstmBlock
{
    private readonly CausalConvolution _convolution = new(weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);
    private readonly GatedFeedForward _feedForward = new(weights["ffn.proj_up.weight"], weights["ffn.proj_down.weight"], config.FeedForwardActivation);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var normed = Norms.Layer(x, weights["xlstm_norm.weight"], arithmetic);
        return Rest(x, normed, _convolution.Forward(normed), null).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public IBlockState Start(long batch, ScalarType arithmetic)
    {
        var heads = config.SlstmHeads;
        var device = weights["xlstm_norm.weight"].device;
        return new State(_convolution.StartTail(batch, arithmetic), SLstmState.Start(batch, heads, config.Width / heads, device));
    }

    /// <inheritdoc/>
    public Tensor Decode(Tensor x, IBlockState state, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var own = (State)state;
        var normed = Norms.Layer(x, weights["xlstm_norm.weight"], arithmetic);
        return Rest(x, normed, _convolution.Forward(normed, ref own.Tail), own.Cells).MoveToOuterDisposeScope();
    }

    /// <param name="x">The block's input, (B, S, D).</param>
    /// <param name="normed">(B, S, D).</param>
    /// <param name="convolved">c, (B, S, D).</param>
    /// <param name="cells">Null for a whole sequence.</param>
    private Tensor Rest(Tensor x, Tensor normed, Tensor convolved, SLstmState? cells)
    {
        var (batch, length, heads) = (x.shape[0], x.shape[1], config.SlstmHeads);
        Tensor Pair(Tensor from, string first, string second) => HeadwiseLinear
            .BlocksFirst(from, cat([weights[first], weights[second]], 1))
            .view(heads, batch, length, -1);                                                    // (NH, B, S, 2·DH)
        var inputForget = Pair(convolved, "xlstm.fgate.weight", "xlstm.igate.weight");
        var cellOutput = Pair(normed, "xlstm.zgate.weight", "xlstm.ogate.weight");
        var (recurrent, bias) = (weights[XlstmParameter.RecurrentKernel], weights[XlstmParameter.RecurrentBias]);
        var hidden = x.device_type == DeviceType.CPU && inputForget.dtype == ScalarType.Float32 && KernelSupport.OnCpu ? SLstmFusedScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmCudaScan.Serves(inputForget, recurrent.shape[1]) ? SLstmCudaScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmFloatScan.Serves(inputForget, recurrent.shape[1]) ? SLstmFloatScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmPlainScan.Forward(inputForget, cellOutput, recurrent, bias, cells);          // (B, S, NH, DH)
        x = Norms.HeadsOnto(x, hidden, weights["xlstm.group_norm.weight"]);
        return x + _feedForward.Forward(Norms.Layer(x, weights["ffn_norm.weight"], normed.dtype));
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
