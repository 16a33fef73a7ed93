using Distil.Core.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Rotary position embedding (RoFormer, arXiv 2104.09864), with halves rotated as in Hugging Face.</summary>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly RotaryForm _rotary;
    private readonly ScalarType _precision;
    private readonly Tensor _usual;

    /// <param name="rotary">Base, width and scaling.</param>
    /// <param name="device">Device of the angles.</param>
    /// <param name="precision">Type to which the frequencies are rounded.</param>
    internal RotaryEmbedding(RotaryForm rotary, Device device, ScalarType precision)
    {
        (_rotary, _precision) = (rotary, precision);
        _usual = Frequencies(0, device).DetachFromDisposeScope();
    }

    /// <value>Whether long sequences have frequencies of their own, so that a token's rotation depends on the tokens after it.</value>
    internal bool DependsOnLength => _rotary.Scaling?.UsualLength is not null;

    /// <summary>Returns the angles of positions from <paramref name="start"/> on, in a sequence that ends with the last of them.</summary>
    /// <returns>cos and sin, each (length, width), in <paramref name="dtype"/>.</returns>
    internal (Tensor Cos, Tensor Sin) At(long start, long length, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var total = start + length;
        var frequencies = total > _rotary.Scaling?.UsualLength ? Frequencies(total, _usual.device) : _usual;
        var positions = arange(start, start + length, dtype: ScalarType.Float32, device: _usual.device);
        var angles = outer(positions, frequencies);                               // (S, width/2)
        angles = cat([angles, angles], -1);                                       // (S, width)
        var (cos, sin) = (angles.cos(), angles.sin());
        if (_rotary.Scaling is { AttentionFactor: var factor and not 1 })
        {
            (cos, sin) = (cos * factor, sin * factor);
        }

        return (cos.to(dtype).MoveToOuterDisposeScope(), sin.to(dtype).MoveToOuterDisposeScope());
    }

    /// <summary>Rotates each pair (x_j, x_(j + width/2)) of a head's first units by its angle; the others stay.</summary>
    /// <param name="x">(B, NH, S, DH).</param>
    /// <param name="angles">From <see cref="At"/>.</param>
    internal static Tensor Rotate(Tensor x, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        var (width, size) = (angles.Cos.shape[^1], x.shape[^1]);
        var (half, rotated) = (width / 2, width == size ? x : x.narrow(-1, 0, width));
        var turned = cat([-x.narrow(-1, half, half), x.narrow(-1, 0, half)], -1); // (B, NH, S, width)
        var result = (rotated * angles.Cos + turned * angles.Sin).to(x.dtype);
        return (width == size ? result : cat([result, x.narrow(-1, width, size - width)], -1)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _usual.Dispose();

    private Tensor Frequencies(long total, Device device)
    {
        using var scope = NewDisposeScope();
        var exact = tensor(RotaryFrequencies.Of(_rotary, total).Select(frequency => (float)frequency).ToArray(), device: device);
        return exact.to(_precision).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
