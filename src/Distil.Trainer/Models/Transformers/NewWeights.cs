using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Weights of a new model, the same for a seed on every device: matrices normal(0, 0.02), norms 1, biases 0.</summary>
internal sealed class NewWeights(int seed, Device device, ScalarType dtype = ScalarType.Float32) : IWeightSource, IDisposable
{
    private const double StandardDeviation = 0.02;

    private readonly Generator _generator = new((ulong)seed, CPU);

    /// <inheritdoc />
    public Tensor Get(ModelTensor weight)
    {
        using var scope = NewDisposeScope();
        var value = weight.IsBias ? zeros(weight.Shape)
            : weight.IsNorm ? ones(weight.Shape)
            : empty(weight.Shape).normal_(0, StandardDeviation, _generator);
        return value.to(dtype, device).DetachFromDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _generator.Dispose();
}
