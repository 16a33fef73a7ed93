using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>x + sLSTM(norm(x)): the first half of an sLSTM block.</summary>
internal sealed class SLstmFusedBlock : IFusedBlock
{
    private readonly BlockWeights _weights;
    private readonly Tensor _x, _norm, _taps, _bias, _cellOutput, _inputForget, _normed, _statistics, _convolved, _hidden, _records;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal SLstmFusedBlock(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (batch, length, heads) = (x.size(0), x.size(1), weights[XlstmParameter.RecurrentKernel].shape[0]);
        _weights = weights;
        (_norm, _taps, _bias) = (weights["xlstm_norm.weight"], weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]);
        _x = Kept.Keep(x.alias());
        _cellOutput = Kept.Keep(cat([weights["xlstm.zgate.weight"], weights["xlstm.ogate.weight"]], 1));             // (NH, 2·DH, DH)
        (_normed, var cellOutput, _statistics) = NormedHeadwise.Run(x, _norm, _cellOutput);
        _convolved = CudaConvolution.Run(_normed, _taps, _bias);
        _inputForget = cat([weights["xlstm.fgate.weight"], weights["xlstm.igate.weight"]], 1).to(ScalarType.BFloat16);
        Tensor Gates(Tensor rows) => rows.view(heads, batch, length, -1);                                            // (NH, B, S, 2·DH)
        (_hidden, _records) = SLstmCudaScan.Keeping(
            Gates(HeadwiseLinear.BlocksFirst(_convolved, _inputForget)), Gates(cellOutput), weights[XlstmParameter.RecurrentKernel], weights[XlstmParameter.RecurrentBias]);
        Kept.Keep(_normed, _statistics, _convolved, _inputForget, _hidden, _records);
        Output = CudaHeadNorm.Run(x, _hidden, weights["xlstm.group_norm.weight"]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var (ofHeads, recurrent) = (_weights["xlstm.group_norm.weight"], _weights[XlstmParameter.RecurrentKernel]);
        var ofNorm = CudaHeadNorm.Gradients(gradient, _hidden, ofHeads);
        WeightGradients.Add(ofHeads, ofNorm[2]);
        var ofScan = SLstmCudaScan.Gradients(ofNorm[1], recurrent, _hidden, _records);
        WeightGradients.Add(recurrent, ofScan[2]);
        WeightGradients.Add(_weights[XlstmParameter.RecurrentBias], ofScan[3]);

        var rows = ofScan[0].flatten(1, 2);                                                                          // (NH, B·S, 2·DH)
        AddHalves("xlstm.fgate.weight", "xlstm.igate.weight", rows.transpose(1, 2).bmm(_convolved.view(rows.size(1), rows.size(0), -1).transpose(0, 1)));
        var ofConvolution = CudaConvolution.Gradients(rows.bmm(_inputForget).transpose(0, 1).reshape(gradient.shape), _normed, _taps, _bias);
        WeightGradients.Add(_taps, ofConvolution[1]);
        WeightGradients.Add(_bias, ofConvolution[2]);

        var ofUp = NormedHeadwise.Gradients(ofConvolution[0], ofScan[1].flatten(1, 2), _x, _norm, _cellOutput, _normed, _statistics);
        WeightGradients.Add(_norm, ofUp[1]);
        AddHalves("xlstm.zgate.weight", "xlstm.ogate.weight", ofUp[2]);
        return ofUp[0].add_(gradient);
    }

    /// <param name="first">A gate's weight by name.</param>
    /// <param name="second">Another's.</param>
    /// <param name="both">Their gradients side by side, (NH, 2·DH, DH).</param>
    private void AddHalves(string first, string second, Tensor both)
    {
        var size = both.size(2);
        WeightGradients.Add(_weights[first], both.narrow(1, 0, size));
        WeightGradients.Add(_weights[second], both.narrow(1, size, size));
    }
}
