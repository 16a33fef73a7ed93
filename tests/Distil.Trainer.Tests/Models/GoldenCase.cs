using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models;

/// <summary>A golden model: its folder, and its expected results.</summary>
internal sealed class GoldenCase(string name) : IDisposable
{
    private readonly SafetensorsFile _case = SafetensorsFile.Open($"Golden/{name}/case.safetensors");

    internal string Folder => $"Golden/{name}";

    internal Tensor InputIds => this["input_ids"];

    internal Tensor this[string tensor] => _case.Read(tensor);

    /// <summary>Largest difference divided by the largest expected magnitude.</summary>
    internal static double RelativeError(Tensor actual, Tensor expected)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = NewDisposeScope();
        return (actual.to(ScalarType.Float64) - expected.to(ScalarType.Float64)).abs().max().item<double>()
            / expected.to(ScalarType.Float64).abs().max().item<double>();
    }

    public void Dispose() => _case.Dispose();
}
