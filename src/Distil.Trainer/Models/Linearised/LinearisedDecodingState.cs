using Distil.Core.Models;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A linearised student's state. It has a constant size, except for the caches of layers that keep attention.</summary>
internal sealed class LinearisedDecodingState : IDecodingState
{
    private readonly LinearisedShape _shape;

    internal LinearisedDecodingState(LinearisedShape shape, int batch, ScalarType type, Device device)
        : this(
            shape, batch, [.. Enumerable.Range(0, shape.ReplacedLayers).Select(_ => MixerState.Start(shape, batch, type, device))],
            shape.KeepAttention.Count > 0 ? new KeyValueCache(shape.Transformer with { Layers = shape.KeepAttention.Count }, batch, type, device) : null)
    {
    }

    private LinearisedDecodingState(LinearisedShape shape, int batch, IReadOnlyList<MixerState> mixers, KeyValueCache? kept) =>
        (_shape, Batch, Mixers, Kept) = (shape, batch, mixers, kept);

    /// <value>B.</value>
    internal int Batch { get; }

    /// <value>One for each replaced layer, in order.</value>
    internal IReadOnlyList<MixerState> Mixers { get; }

    /// <value>The cache of the layers that keep attention, in order; null if none does.</value>
    internal KeyValueCache? Kept { get; }

    /// <inheritdoc />
    public long Position { get; private set; }

    /// <inheritdoc />
    public long Bytes => Mixers.Sum(mixer => mixer.Bytes) + (Kept?.Bytes ?? 0);

    /// <summary>Advances the position, once every layer has read the tokens.</summary>
    internal void Advance(long tokens)
    {
        Position += tokens;
        Kept?.Advance(tokens);
    }

    /// <summary>An independent copy, from which the text can be continued in another way.</summary>
    internal LinearisedDecodingState Copy()
    {
        if (Kept is not null)
        {
            throw new NotSupportedException("a student that keeps attention in some layers has a cache that grows; only constant states are copied");
        }

        return new(_shape, Batch, [.. Mixers.Select(mixer => mixer.Copy(_shape, Batch))], null) { Position = Position };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var mixer in Mixers)
        {
            mixer.Dispose();
        }

        Kept?.Dispose();
    }
}
