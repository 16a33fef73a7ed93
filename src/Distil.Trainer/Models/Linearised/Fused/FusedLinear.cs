using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>Several linear maps of one input as one bfloat16 product. The weights stay float32; their gradients are added to theirs.</summary>
internal sealed class FusedLinear
{
    /// <summary>Products need rows of whole 16 bytes.</summary>
    private const long Granule = 8;

    private readonly IReadOnlyList<Linear> _parts;
    private readonly Tensor _weight;
    private readonly Tensor? _bias;

    /// <summary>Rounds the present weights, in the present dispose scope.</summary>
    internal FusedLinear(params IReadOnlyList<Linear> parts)
    {
        using var frozen = no_grad();
        _parts = parts;
        Columns = (parts.Sum(part => part.Weight.shape[0]) + Granule - 1) / Granule * Granule;
        _weight = Joined(part => part.Weight, parts[0].Weight.shape[1])!;
        _bias = parts.Any(part => part.Bias is not null) ? Joined(part => part.Bias) : null;
    }

    /// <value>Number of columns of the result: those of the parts, side by side, and zeros up to a multiple of 8.</value>
    internal long Columns { get; }

    /// <value>The rounded weight, (<see cref="Columns"/>, in), which the backward pass needs.</value>
    internal Tensor Weight => _weight;

    /// <summary>(N, in) bfloat16 → (N, <see cref="Columns"/>).</summary>
    internal Tensor Apply(Tensor x) => functional.linear(x, _weight, _bias);

    /// <summary>The backward pass: adds the gradients of weights and biases to theirs.</summary>
    /// <param name="x">The input.</param>
    /// <param name="gradient">Of the result, bfloat16.</param>
    internal void AddGradients(Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        if (!_parts.Any(part => part.Weight.requires_grad || part.Bias is { requires_grad: true }))
        {
            return;
        }

        var ofWeight = gradient.t().mm(x);
        var ofBias = _bias is null ? null : gradient.sum(0, type: ScalarType.Float32);
        var start = 0L;
        foreach (var (weight, bias) in _parts)
        {
            Add(weight, ofWeight, start);
            Add(bias, ofBias, start);
            start += weight.shape[0];
        }
    }

    /// <summary>Gradient of the input, (N, in).</summary>
    /// <param name="gradient">Of the result.</param>
    /// <param name="onto">Another gradient of the same input, to which it is added in place; null for a new tensor.</param>
    internal Tensor InputGradient(Tensor gradient, Tensor? onto = null) => onto is null ? gradient.mm(_weight) : onto.addmm_(gradient, _weight);

    private static void Add(Tensor? leaf, Tensor? all, long start)
    {
        if (leaf is { requires_grad: true } && all is not null)
        {
            WeightGradients.Add(leaf, all.narrow(0, start, leaf.shape[0]).view(leaf.shape));
        }
    }

    private Tensor? Joined(Func<Linear, Tensor?> what, params long[] rest)
    {
        if (_parts.Count == 1 && _parts[0].Weight.shape[0] == Columns)
        {
            return what(_parts[0])!.to(ScalarType.BFloat16);
        }

        var all = zeros([Columns, .. rest], ScalarType.BFloat16, _parts[0].Weight.device);
        var start = 0L;
        foreach (var part in _parts)
        {
            var count = part.Weight.shape[0];
            if (what(part) is { } own)
            {
                all.narrow(0, start, count).copy_(own);
            }

            start += count;
        }

        return all;
    }
}
