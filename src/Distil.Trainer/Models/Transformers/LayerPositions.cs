using Distil.Core.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Rotary angles, masks and query factors of a model's layers; layers of one kind share them.</summary>
internal sealed class LayerPositions : IDisposable
{
    private readonly TransformerConfig _config;
    private readonly Device _device;
    private readonly Dictionary<RotaryForm, RotaryEmbedding> _embeddings;
    private readonly (RotaryEmbedding? Rotary, int Window)[] _kinds; // of each layer

    /// <param name="config">The model's shape.</param>
    /// <param name="device">Device of the results.</param>
    /// <param name="precision">Type to which the rotary frequencies are rounded.</param>
    internal LayerPositions(TransformerConfig config, Device device, ScalarType precision)
    {
        (_config, _device) = (config, device);
        _embeddings = Enumerable.Range(0, config.Layers).Select(config.RotaryOf).OfType<RotaryForm>().Append(config.Rotary).Distinct()
            .ToDictionary(rotary => rotary, rotary => new RotaryEmbedding(rotary, device, precision));
        _kinds = [.. Enumerable.Range(0, config.Layers).Select(layer => (config.RotaryOf(layer) is { } rotary ? _embeddings[rotary] : null, config.WindowOf(layer)))];
    }

    /// <summary>Angles of layers without a window, from the start of a sequence.</summary>
    internal (Tensor Cos, Tensor Sin) Angles(long length, ScalarType dtype) => _embeddings[_config.Rotary].At(0, length, dtype);

    /// <summary>The positions of every layer, in the caller's dispose scope.</summary>
    /// <param name="start">Positions read before.</param>
    /// <param name="length">S.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="cached">Whether keys are stored for later positions.</param>
    internal IReadOnlyList<Positions> Of(long start, long length, ScalarType dtype, bool cached)
    {
        var known = new Dictionary<(RotaryEmbedding?, int), Positions>();
        var factor = QueryFactor(start, length, dtype);
        return [.. _kinds.Select(kind =>
            known.TryGetValue(kind, out var same) ? same : known[kind] = Of(kind, start, length, dtype, cached) with { QueryFactor = factor })];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var embedding in _embeddings.Values)
        {
            embedding.Dispose();
        }
    }

    private Positions Of((RotaryEmbedding? Rotary, int Window) kind, long start, long length, ScalarType dtype, bool cached)
    {
        var mask = Attention.Mask(start, length, _device, kind.Window);
        return kind.Rotary is { } rotary
            ? new(rotary.At(start, length, dtype), mask, AllAngles: cached && rotary.DependsOnLength ? rotary.At(0, start + length, dtype) : null)
            : new(null, mask);
    }

    /// <returns>(S, 1); null if the queries do not grow.</returns>
    private Tensor? QueryFactor(long start, long length, ScalarType dtype)
    {
        if (_config.Form.QueryGrowth is not { } growth)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        var contexts = arange(start, start + length, ScalarType.Float32, _device).div(growth.Context).floor();
        return (1 + (growth.Beta * (1 + contexts).log())).to(dtype).unsqueeze(-1).MoveToOuterDisposeScope();
    }
}
