using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>x + sLSTM(norm(x)): the first half of an sLSTM block.</summary>
internal sealed class SLstmPass : IPass
{
    private readonly BlockWeights _weights;
    private readonly NormPass _norm;
    private readonly GatePair _inputForget, _cellOutput;
    private readonly Tensor _normed, _hidden, _records;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal SLstmPass(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _weights = weights;
        _norm = new(x, weights["xlstm_norm.weight"], Kept);
        _normed = Kept.Keep(_norm.Output);
        var convolved = Kept.Keep(CudaConvolution.Run(_normed, weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]));
        _inputForget = new(weights["xlstm.fgate.weight"], weights["xlstm.igate.weight"], convolved, Kept);
        _cellOutput = new(weights["xlstm.zgate.weight"], weights["xlstm.ogate.weight"], _normed, Kept);
        (_hidden, _records) = SLstmCudaScan.Keeping(_inputForget.Output, _cellOutput.Output, weights[XlstmParameter.RecurrentKernel], weights[XlstmParameter.RecurrentBias]);
        Kept.Keep(_hidden);
        Kept.Keep(_records);
        Output = CudaHeadNorm.Run(x, _hidden, weights["xlstm.group_norm.weight"]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public KeptTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var ofNorm = CudaHeadNorm.Gradients(gradient, _hidden, _weights["xlstm.group_norm.weight"]);
        Gradients.Add(_weights["xlstm.group_norm.weight"], ofNorm[2]);
        var ofScan = SLstmCudaScan.Gradients(ofNorm[1], _weights[XlstmParameter.RecurrentKernel], _hidden, _records);
        Gradients.Add(_weights[XlstmParameter.RecurrentKernel], ofScan[2]);
        Gradients.Add(_weights[XlstmParameter.RecurrentBias], ofScan[3]);

        var (taps, bias) = (_weights["xlstm.conv1d.conv.weight"], _weights["xlstm.conv1d.conv.bias"]);
        var ofConvolution = CudaConvolution.Gradients(_inputForget.Back(ofScan[0]).reshape(gradient.shape), _normed, taps, bias);
        Gradients.Add(taps, ofConvolution[1]);
        Gradients.Add(bias, ofConvolution[2]);
        var dNormed = ofConvolution[0];
        var ofCell = _cellOutput.Back(ofScan[1]);                                                        // (B, S, NH, DH)
        dNormed.view(ofCell.shape).add_(ofCell);
        return _norm.Back(dNormed).add_(gradient);
    }
}
