using Distil.Core.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Keys and values of all tokens read so far, for every layer.</summary>
/// <remarks>Buffers grow by doubling, so that a token costs no copy of the tokens before it.</remarks>
internal sealed class KeyValueCache(TransformerConfig config, int batch, ScalarType dtype, Device device) : IDecodingState
{
    private const long SmallestCapacity = 64;

    private readonly Tensor?[] _keys = new Tensor?[config.Layers];
    private readonly Tensor?[] _values = new Tensor?[config.Layers];

    /// <value>B.</value>
    internal int Batch => batch;

    /// <inheritdoc />
    public long Position { get; private set; }

    /// <inheritdoc />
    /// <remarks>Of the tokens read; the unused capacity of the buffers is not counted.</remarks>
    public long Bytes => 2L * config.Layers * batch * config.KeyValueHeads * Position * config.HeadSize * dtype.ElementSize();

    /// <summary>Stores a layer's keys and values of further tokens.</summary>
    /// <param name="layer">From 0.</param>
    /// <param name="keys">(B, KVH, S, DH).</param>
    /// <param name="values">(B, KVH, S, DH).</param>
    /// <returns>Views of all keys and values of the layer, (B, KVH, Position + S, DH).</returns>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values) =>
        (Append(ref _keys[layer], keys), Append(ref _values[layer], values));

    /// <summary>Advances the position, once every layer has stored the tokens.</summary>
    internal void Advance(long tokens) => Position += tokens;

    private Tensor Append(ref Tensor? buffer, Tensor added)
    {
        var end = Position + added.shape[2];
        if (buffer is null || buffer.shape[2] < end)
        {
            var capacity = Math.Max(SmallestCapacity, Math.Max(end, 2 * Position));
            var larger = empty([batch, config.KeyValueHeads, capacity, config.HeadSize], dtype, device).DetachFromDisposeScope();
            if (buffer is not null)
            {
                using var old = buffer.narrow(2, 0, Position);
                using var room = larger.narrow(2, 0, Position);
                room.copy_(old);
                buffer.Dispose();
            }

            buffer = larger;
        }

        using var slot = buffer.narrow(2, Position, added.shape[2]);
        slot.copy_(added);
        return buffer.narrow(2, 0, end);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values))
        {
            tensor?.Dispose();
        }
    }
}
