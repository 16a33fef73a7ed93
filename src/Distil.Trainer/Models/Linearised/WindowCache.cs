using Distil.Core.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>Keys and values of the latest W positions, in a ring, and of the first n: what a window of attention needs in decoding. Its size is constant.</summary>
internal sealed class WindowCache : IDisposable
{
    private readonly long _window;
    private readonly Tensor _keys, _values, _sinkKeys, _sinkValues;

    internal WindowCache(LinearisedShape shape, long batch, ScalarType type, Device device)
    {
        _window = shape.Window;
        Tensor Room(long positions) =>
            zeros([batch, shape.Transformer.KeyValueHeads, positions, shape.Transformer.HeadSize], type, device).DetachFromDisposeScope();
        (_keys, _values, _sinkKeys, _sinkValues) = (Room(shape.Window), Room(shape.Window), Room(shape.Sinks), Room(shape.Sinks));
    }

    /// <value>Positions stored so far.</value>
    internal long Position { get; private set; }

    /// <value>Bytes of its tensors.</value>
    internal long Bytes => Tensors.Sum(tensor => tensor.numel() * tensor.ElementSize);

    /// <value>The tensors, for copies.</value>
    internal IReadOnlyList<Tensor> Tensors => [_keys, _values, _sinkKeys, _sinkValues];

    /// <summary>Stores further positions.</summary>
    /// <param name="keys">Rotated, (B, KVH, S, DH).</param>
    /// <param name="values">(B, KVH, S, DH).</param>
    internal void Append(Tensor keys, Tensor values)
    {
        using var scope = NewDisposeScope();
        var length = keys.shape[2];
        if (Position < _sinkKeys.shape[2])
        {
            var count = Math.Min(length, _sinkKeys.shape[2] - Position);
            _sinkKeys.narrow(2, Position, count).copy_(keys.narrow(2, 0, count));
            _sinkValues.narrow(2, Position, count).copy_(values.narrow(2, 0, count));
        }

        for (var from = Math.Max(0, length - _window); from < length;)
        {
            var slot = (Position + from) % _window;
            var count = Math.Min(length - from, _window - slot);
            _keys.narrow(2, slot, count).copy_(keys.narrow(2, from, count));
            _values.narrow(2, slot, count).copy_(values.narrow(2, from, count));
            from += count;
        }

        Position += length;
    }

    /// <summary>Views of the stored positions of the window, in no order.</summary>
    internal (Tensor Keys, Tensor Values) Latest()
    {
        var count = Math.Min(Position, _window);
        return (_keys.narrow(2, 0, count), _values.narrow(2, 0, count));
    }

    /// <summary>The latest stored positions that a next position's window covers, in their order, at most W − 1.</summary>
    internal (Tensor Keys, Tensor Values) Before()
    {
        var count = Math.Min(Position, _window - 1);
        return (InOrder(_keys, count), InOrder(_values, count));
    }

    /// <summary>Views of the first positions.</summary>
    /// <param name="outside">Only those that the window of the latest position does not cover.</param>
    internal (Tensor Keys, Tensor Values) Sinks(bool outside)
    {
        var count = Math.Clamp(outside ? Position - _window : Position, 0, _sinkKeys.shape[2]);
        return (_sinkKeys.narrow(2, 0, count), _sinkValues.narrow(2, 0, count));
    }

    /// <summary>Takes over the content of another cache of the same shape.</summary>
    internal void CopyFrom(WindowCache other)
    {
        foreach (var (own, source) in Tensors.Zip(other.Tensors))
        {
            own.copy_(source);
        }

        Position = other.Position;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in Tensors)
        {
            tensor.Dispose();
        }
    }

    private Tensor InOrder(Tensor ring, long count)
    {
        using var scope = NewDisposeScope();
        var start = (Position - count) % _window;
        var straight = Math.Min(count, _window - start);
        return cat([ring.narrow(2, start, straight), ring.narrow(2, 0, count - straight)], 2).MoveToOuterDisposeScope();
    }
}
