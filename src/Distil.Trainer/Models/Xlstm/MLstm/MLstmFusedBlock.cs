using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>x + mLSTM(norm(x)): an mLSTM block.</summary>
internal sealed class MLstmFusedBlock : IFusedBlock
{
    private readonly MLstmUpInputs _up;
    private readonly MLstmCellInputs _inputs;
    private readonly MLstmCudaForward _cell;
    private readonly Tensor _normed, _statistics, _down, _downUsed;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal MLstmFusedBlock(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _up = MLstmUpInputs.Of(Kept.Keep(x.alias()), weights);
        (var results, _normed, _statistics) = MLstmCudaUp.Run(_up);
        Kept.Keep([.. results, _normed, _statistics]);
        _inputs = MLstmCellInputs.Of(weights, convolved: results[2], inner: results[0], gate: results[1]);
        _cell = new(_inputs);
        Kept.Keep([.. _cell.Kept(), _cell.Mixed]);
        _down = weights["xlstm.proj_down.weight"];
        _downUsed = Kept.Keep(_down.to(ScalarType.BFloat16));
        Output = (x + linear(_cell.Mixed, _downUsed)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var ofCell = MLstmCudaBackward.Gradients(_inputs, _cell, WeightGradients.Linear(_down, _downUsed, _cell.Mixed, gradient));
        foreach (var (weight, of) in _inputs.All().Zip(ofCell).Skip(3))
        {
            WeightGradients.Add(weight, of);
        }

        var ofUp = MLstmCudaUp.Gradients(_up, _inputs.Inner, _normed, _statistics, dInner: ofCell[1], dGate: ofCell[2], dConvolved: ofCell[0]);
        foreach (var (weight, of) in _up.All().Zip(ofUp).Skip(1))
        {
            WeightGradients.Add(weight, of);
        }
        return ofUp[0].add_(gradient);
    }
}
