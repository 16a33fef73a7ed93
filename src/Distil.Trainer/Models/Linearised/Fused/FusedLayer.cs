using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>One layer, x += mixer(norm(x)); x += feed-forward(norm(x)), with a backward pass of its own: bfloat16 products of float32 weights, a float32
/// stream.</summary>
internal sealed class FusedLayer : IFusedBlock
{
    private readonly LayerParts _parts;
    private readonly FusedMixer _mixer;
    private readonly MixerSaved _mixed;
    private readonly FusedLinear _projections, _output, _gateAndUp, _down;
    private readonly FusedLinear? _gates;
    private readonly Tensor _x, _normed, _scale, _joined, _sum, _normedSum, _sumScale, _both;
    private readonly long[] _shape;

    /// <param name="parts">The weights.</param>
    /// <param name="branch">Which branches of a mixed layer count.</param>
    /// <param name="angles">Rotary angles; they live until the backward pass.</param>
    /// <param name="x">The stream, float32 (B, S, D).</param>
    internal FusedLayer(LayerParts parts, Branch branch, (Tensor Cos, Tensor Sin) angles, Tensor x)
    {
        using var scope = NewDisposeScope();
        var layer = parts.Layer;
        (_parts, _shape, _mixer) = (parts, x.shape, new(parts.Sizes, branch));
        (_projections, _gates, _output) = (parts.Projections(), parts.Gates(), new(layer.Attention.Output));
        (_gateAndUp, _down) = (new(layer.Dense.Gate, layer.Dense.Up), new(layer.Dense.Down));
        _x = x.view(-1, x.shape[2]);                                                              // (N, D)
        (_, _normed, _scale) = StreamKernels.Norm(_x, delta: null, layer.InputNorm);
        (var outputs, _mixed) = _mixer.RunSaving(parts.Inputs(_projections.Apply(_normed), _gates?.Apply(_normed)), angles, x.shape[0]);
        _joined = outputs.Mixed;                                                                  // (N, NH·DH)
        (_sum, _normedSum, _sumScale) = StreamKernels.Norm(_x, _output.Apply(_joined), layer.FeedForwardNorm);
        _both = _gateAndUp.Apply(_normedSum);                                                     // (N, 2·F)
        Output = _sum.add(_down.Apply(StreamKernels.Gated(_both))).view(x.shape).MoveToOuterDisposeScope();
        Tensor[] kept = [_x, _normed, _scale, _joined, _sum, _normedSum, _sumScale, _both, _mixed.Inputs.Projected, _projections.Weight, _output.Weight,
            _gateAndUp.Weight, _down.Weight];
        Saved.Keep([.. kept, .. _mixed.Made, .. new[] { _mixed.Inputs.Gates, _gates?.Weight }.OfType<Tensor>()]);
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var layer = _parts.Layer;
        var ofOutput = gradient.contiguous().view(-1, _shape[2]);
        var half = ofOutput.to(ScalarType.BFloat16);
        var gated = _down.InputGradient(half);
        var ofBoth = StreamKernels.GatedGradients(_both, gated);                                  // gated is now the layer's own
        _down.AddGradients(gated, half);
        var ofNormedSum = Through(_gateAndUp, _normedSum, ofBoth);
        var (ofSum, rounded, ofNorm) = StreamKernels.NormGradients(ofOutput, ofNormedSum, _sum, layer.FeedForwardNorm, _sumScale, rounds: true);
        WeightGradients.AddTrained(layer.FeedForwardNorm.Weight, ofNorm);
        var mixed = _mixer.Gradients(_mixed, new(Through(_output, _joined, rounded!), null));
        WeightGradients.AddTrained(_mixed.Inputs.Weights, mixed.Weights);
        var ofNormed = Through(_projections, _normed, mixed.Projected);
        if (_gates is not null)
        {
            _gates.AddGradients(_normed, mixed.Gates!);
            _gates.InputGradient(mixed.Gates!, ofNormed);
        }

        var (ofInput, _, ofInputNorm) = StreamKernels.NormGradients(ofSum, ofNormed, _x, layer.InputNorm, _scale, rounds: false);
        WeightGradients.AddTrained(layer.InputNorm.Weight, ofInputNorm);
        return ofInput.view(_shape).MoveToOuterDisposeScope();
    }

    private static Tensor Through(FusedLinear linear, Tensor input, Tensor gradient)
    {
        linear.AddGradients(input, gradient);
        return linear.InputGradient(gradient);
    }
}
