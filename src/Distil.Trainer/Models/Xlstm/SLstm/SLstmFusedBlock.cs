using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>x + sLSTM(norm(x)): the first half of an sLSTM block. <see cref="FeedForward.FusedFeedForward"/> is the second.</summary>
internal sealed class SLstmFusedBlock : IFusedBlock
{
    private readonly SLstmWeights _weights;
    private readonly Tensor _inputForget;
    private readonly CudaNormedHeadwise.Saved _up;
    private readonly ConvolutionInputs _convolution;
    private readonly SLstmCudaScan.Saved _scan;
    private readonly CudaHeadNorm.Saved _headNorm;
    private readonly Tensor _convolved;

    /// <param name="weights">Weights of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal SLstmFusedBlock(SLstmWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (batch, length, heads) = (x.size(0), x.size(1), weights.Recurrent.shape[0]);
        _weights = weights;
        var cellOutput = weights.CellOutput();                                                                       // (NH, 2·DH, DH)
        (var up, _up) = CudaNormedHeadwise.Instance.RunSaving(new(x, weights.Norm, cellOutput));
        _convolution = new(up.Normed, weights.Convolution.Weight, weights.Convolution.Bias);
        _convolved = CudaConvolution.Instance.Run(_convolution);
        _inputForget = weights.InputForget().to(ScalarType.BFloat16);
        Tensor Gates(Tensor rows) => rows.view(heads, batch, length, -1);                                            // (NH, B, S, 2·DH)
        (var hidden, _scan) = SLstmCudaScan.Instance.RunSaving(
            new(Gates(HeadwiseLinear.BlocksFirst(_convolved, _inputForget)), Gates(up.Projected), weights.Recurrent, weights.RecurrentBias));
        (var output, _headNorm) = CudaHeadNorm.Instance.RunSaving(new(x, hidden, weights.HeadNorm));
        Saved.Keep(
            cellOutput, up.Normed, _up.Normed, _up.Norm.X, _up.Norm.Statistics, _convolved,
            _inputForget, hidden, _scan.Output, _scan.Records, _headNorm.Hidden);
        Output = output.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        var headNorm = CudaHeadNorm.Instance.Gradients(_headNorm, gradient);
        WeightGradients.Add(_weights.HeadNorm, headNorm.Weight);
        var scan = SLstmCudaScan.Instance.Gradients(_scan, headNorm.Hidden);
        WeightGradients.Add(_weights.Recurrent, scan.Recurrent);
        WeightGradients.Add(_weights.RecurrentBias, scan.Bias);

        var rows = scan.InputForget.flatten(1, 2);                                                                   // (NH, B·S, 2·DH)
        AddHalves(_weights.InputGate, _weights.ForgetGate, rows.transpose(1, 2).bmm(_convolved.view(rows.size(1), rows.size(0), -1).transpose(0, 1)));
        var convolution = CudaConvolution.Instance.Gradients(_convolution, rows.bmm(_inputForget).transpose(0, 1).reshape(gradient.shape));
        WeightGradients.Add(_weights.Convolution, new(convolution.Weight, convolution.Bias));

        var up = CudaNormedHeadwise.Instance.Gradients(_up, new(convolution.X, scan.CellOutput.flatten(1, 2)));
        WeightGradients.Add(_weights.Norm, up.Norm);
        AddHalves(_weights.CellGate, _weights.OutputGate, up.Projection);
        return up.X.add_(gradient);
    }

    /// <param name="first">A gate's weight.</param>
    /// <param name="second">Another's.</param>
    /// <param name="both">Their gradients side by side, (NH, 2·DH, DH).</param>
    private static void AddHalves(Tensor first, Tensor second, Tensor both)
    {
        var size = both.size(2);
        WeightGradients.Add(first, both.narrow(1, 0, size));
        WeightGradients.Add(second, both.narrow(1, size, size));
    }
}
