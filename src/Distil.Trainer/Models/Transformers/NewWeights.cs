using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Weights of a new model, the same for a seed on every device.</summary>
internal sealed class NewWeights(int seed, Device device, ScalarType dtype = ScalarType.Float32) : IWeightSource, IDisposable
{
    private const double StandardDeviation = 0.02;

    private readonly Generator _generator = new((ulong)seed, CPU);

    /// <inheritdoc />
    public Tensor Get(string name, StartValue start, params ReadOnlySpan<Dimension> shape)
    {
        using var scope = NewDisposeScope();
        var sizes = new long[shape.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = shape[i].Size;
        }

        var value = start switch
        {
            StartValue.Zero => zeros(sizes),
            StartValue.One => ones(sizes),
            _ => empty(sizes).normal_(0, StandardDeviation, _generator),
        };
        return value.to(dtype, device).DetachFromDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _generator.Dispose();
}
