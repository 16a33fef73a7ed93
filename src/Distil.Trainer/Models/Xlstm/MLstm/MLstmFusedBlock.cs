using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>x + mLSTM(norm(x)): an mLSTM block.</summary>
internal sealed class MLstmFusedBlock : IFusedBlock
{
    private readonly MLstmWeights _weights;
    private readonly MLstmCudaUp.Saved _up;
    private readonly MLstmCellSaved _cell;
    private readonly Tensor _mixed, _down;

    /// <param name="weights">Weights of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal MLstmFusedBlock(MLstmWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _weights = weights;
        (var up, _up) = MLstmCudaUp.Instance.RunSaving(new(x, weights.Up));
        (_mixed, _cell) = MLstmCudaCell.Instance.RunSaving(new(up.Convolved, up.Inner, up.Gate, weights.Cell));
        _down = weights.Down.to(ScalarType.BFloat16);
        Saved.Keep(
            _up.Norm.X, _up.Norm.Statistics, _up.Normed, _up.Inner, up.Inner, up.Gate, up.Convolved, _cell.Source,
            _cell.Peak, _cell.Carried, _cell.Written, _cell.Keep, _cell.Weights,
            _cell.Hidden, _cell.Inverse, _cell.Slope, _cell.Keys, _cell.States, _cell.Normalisers, _cell.Q, _cell.K,
            _cell.V, _cell.Composed, _cell.OfConvolved, _cell.OfInner, _mixed, _down);
        Output = (x + linear(_mixed, _down)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        var cell = MLstmCudaCell.Instance.Gradients(_cell, WeightGradients.Linear(_weights.Down, _down, _mixed, gradient));
        WeightGradients.Add(_weights.Cell, cell.Weights);

        var up = MLstmCudaUp.Instance.Gradients(_up, new(cell.Inner, cell.Gate, cell.Convolved));
        WeightGradients.Add(_weights.Up, up.Weights);
        return up.Stream.add_(gradient);
    }
}
