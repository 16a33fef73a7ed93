using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>x += sLSTM(norm(x)); x += FFN(norm(x)).</summary>
/// <remarks>In the reference the matrix called fgate feeds the input gate, and igate the forget gate.</remarks>
internal sealed class SLstmBlock(XlstmConfig config, BlockWeights weights) : IXlstmBlock
{
    private readonly CausalConvolution _convolution = new(weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);
    private readonly GatedFeedForward _feedForward = new(weights["ffn_norm.weight"], weights["ffn.proj_up.weight"], weights["ffn.proj_down.weight"], config.FeedForwardActivation);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var (normed, cellOutput) = Up(x, arithmetic);
        return Rest(x, _convolution.Forward(normed, arithmetic), cellOutput, null).MoveToOuterDisposeScope();
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
        var (normed, cellOutput) = Up(x, arithmetic);
        return Rest(x, _convolution.Forward(normed, ref own.Tail, arithmetic), cellOutput, own.Cells).MoveToOuterDisposeScope();
    }

    /// <returns>The norm, (B, S, D), and what it feeds to the gates z and o, (NH, B·S, 2·DH). The norm of h amplifies a rounding of z.</returns>
    private (Tensor Normed, Tensor CellOutput) Up(Tensor x, ScalarType arithmetic) =>
        NormedHeadwise.Forward(x, weights["xlstm_norm.weight"], cat([weights["xlstm.zgate.weight"], weights["xlstm.ogate.weight"]], 1), arithmetic);

    /// <param name="x">The block's input, (B, S, D).</param>
    /// <param name="convolved">c, (B, S, D).</param>
    /// <param name="cellOutput">(NH, B·S, 2·DH).</param>
    /// <param name="cells">Null for a whole sequence.</param>
    private Tensor Rest(Tensor x, Tensor convolved, Tensor cellOutput, SLstmState? cells)
    {
        var (batch, length, heads) = (x.shape[0], x.shape[1], config.SlstmHeads);
        Tensor Gates(Tensor rows) => rows.view(heads, batch, length, -1);                       // (NH, B, S, 2·DH)
        var inputForget = Gates(HeadwiseLinear.BlocksFirst(convolved, cat([weights["xlstm.fgate.weight"], weights["xlstm.igate.weight"]], 1)));
        cellOutput = Gates(cellOutput);
        var (recurrent, bias) = (weights[XlstmParameter.RecurrentKernel], weights[XlstmParameter.RecurrentBias]);
        var hidden = x.device_type == DeviceType.CPU && inputForget.dtype == ScalarType.Float32 && CudaRuntime.OnCpu ? SLstmCpuScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmCudaScan.Serves(inputForget, recurrent.shape[1]) ? SLstmCudaScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmCudaFloatScan.Serves(inputForget, recurrent.shape[1]) ? SLstmCudaFloatScan.Forward(inputForget, cellOutput, recurrent, bias, cells)
            : SLstmPlainScan.Forward(inputForget, cellOutput, recurrent, bias, cells);          // (B, S, NH, DH)
        x = Norms.HeadsOnto(x, hidden, weights["xlstm.group_norm.weight"]);
        return x + _feedForward.Forward(x, convolved.dtype);
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
