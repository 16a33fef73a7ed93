using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>x + mLSTM(norm(x)): an mLSTM block.</summary>
internal sealed class MLstmPass : IPass
{
    private readonly BlockWeights _weights;
    private readonly NormPass _norm;
    private readonly MLstmCellInputs _inputs;
    private readonly MLstmFusedForward _cell;
    private readonly Tensor _normed, _up, _down, _mixed;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal MLstmPass(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _weights = weights;
        _norm = new(x, weights["xlstm_norm.weight"], Kept);
        _normed = Kept.Keep(_norm.Output);
        _up = Kept.Keep(weights["xlstm.proj_up.weight"].to(ScalarType.BFloat16));
        _down = Kept.Keep(weights["xlstm.proj_down.weight"].to(ScalarType.BFloat16));
        var halves = Kept.Keep(linear(_normed, _up));                                                    // (B, S, 2·I)
        var width = halves.shape[2] / 2;
        var (inner, gate) = (Kept.Keep(halves.narrow(2, 0, width)), Kept.Keep(halves.narrow(2, width, width)));
        var convolved = Kept.Keep(CudaConvolution.Run(inner, weights["xlstm.conv1d.conv.weight"], weights["xlstm.conv1d.conv.bias"]));
        _inputs = MLstmCellInputs.Of(weights, convolved, inner, gate);
        _cell = new(_inputs);
        foreach (var kept in _cell.Kept().Distinct()) { Kept.Keep(kept); }
        _mixed = Kept.Keep(_cell.Mixed);
        Output = (x + linear(_mixed, _down)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public KeptTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var dMixed = Gradients.Linear(
            _weights["xlstm.proj_down.weight"], _down, _mixed.flatten(0, 1), gradient.to(ScalarType.BFloat16).view(-1, gradient.shape[^1])).view(_mixed.shape);
        var ofCell = MLstmFusedBackward.Gradients(_inputs, _cell, dMixed);
        foreach (var (weight, of) in _inputs.All().Zip(ofCell).Skip(3)) { Gradients.Add(weight, of); }

        var (taps, bias) = (_weights["xlstm.conv1d.conv.weight"], _weights["xlstm.conv1d.conv.bias"]);
        var ofConvolution = CudaConvolution.Gradients(ofCell[0], _inputs.Inner, taps, bias);
        Gradients.Add(taps, ofConvolution[1]);
        Gradients.Add(bias, ofConvolution[2]);
        var dHalves = cat([ofConvolution[0].add_(ofCell[1]), ofCell[2]], -1).flatten(0, 1);              // (B·S, 2·I)
        return _norm.Back(Gradients.Linear(_weights["xlstm.proj_up.weight"], _up, _normed.flatten(0, 1), dHalves)).add_(gradient);
    }
}
