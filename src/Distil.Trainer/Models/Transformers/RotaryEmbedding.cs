using Distil.Core.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Rotary position embedding (RoFormer, arXiv 2104.09864), with halves rotated as in Hugging Face and with Llama 3's scaling.</summary>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly Tensor _frequencies;

    /// <param name="config">The model's shape.</param>
    /// <param name="device">Device of the angles.</param>
    /// <param name="precision">Type to which the frequencies are rounded.</param>
    internal RotaryEmbedding(TransformerConfig config, Device device, ScalarType precision)
    {
        using var scope = NewDisposeScope();
        var exact = tensor(RotaryFrequencies.Of(config).Select(frequency => (float)frequency).ToArray(), device: device);
        _frequencies = exact.to(precision).to(ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>Returns the angles of positions from <paramref name="start"/> on.</summary>
    /// <returns>cos and sin, each (length, DH), in <paramref name="dtype"/>.</returns>
    internal (Tensor Cos, Tensor Sin) At(long start, long length, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var positions = arange(start, start + length, dtype: ScalarType.Float32, device: _frequencies.device);
        var angles = outer(positions, _frequencies);                              // (S, DH/2)
        angles = cat([angles, angles], -1);                                       // (S, DH)
        return (angles.cos().to(dtype).MoveToOuterDisposeScope(), angles.sin().to(dtype).MoveToOuterDisposeScope());
    }

    /// <summary>Rotates each pair (x_j, x_(j + DH/2)) by its angle.</summary>
    /// <param name="x">(B, NH, S, DH).</param>
    /// <param name="angles">From <see cref="At"/>.</param>
    internal static Tensor Rotate(Tensor x, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        var half = x.shape[^1] / 2;
        var turned = cat([-x.narrow(-1, half, half), x.narrow(-1, 0, half)], -1); // (B, NH, S, DH)
        return (x * angles.Cos + turned * angles.Sin).to(x.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _frequencies.Dispose();
}
