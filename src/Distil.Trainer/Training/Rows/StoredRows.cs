using Distil.Trainer.Datasets;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>The dataset's training rows, read from memory-mapped files, one shard after another; only the rows of a batch are in memory.</summary>
/// <param name="shards">The files.</param>
/// <param name="device">Device of the batches.</param>
internal sealed class StoredRows(OpenShard shards, Device device) : ITrainingRows
{
    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards => shards.RowsOfShards;

    /// <inheritdoc />
    public void EndWaits() => shards.EndWaits();

    /// <inheritdoc />
    public RowCounts CountsOf(MicroBatch rows)
    {
        var shard = shards.RowsOf(rows.Shard);
        var tokens = rows.Rows.Sum(row => (long)shard.LengthOf(row));
        if (!shard.IsMasked)
        {
            return new(rows.Rows.Length, tokens, tokens - rows.Rows.Length, tokens, IsMasked: false);
        }

        var labels = rows.Rows.Sum(row => CountedPositions.Of(shard, row).LongCount(each => each));
        return new(rows.Rows.Length, tokens, labels, labels, IsMasked: true);
    }

    /// <inheritdoc />
    public TokenBatch Read(MicroBatch rows)
    {
        var shard = shards.RowsOf(rows.Shard);
        var (count, width) = (rows.Rows.Length, shard.ContextLength);
        var ids = new long[count * width];
        var lengths = new long[count];
        for (var i = 0; i < count; i++)
        {
            lengths[i] = shard.ReadRow(rows.Rows[i], ids.AsSpan(i * width, width));
        }

        using var scope = NewDisposeScope();
        var inputs = tensor(ids, count, width).ToDevice(device).DetachFromDisposeScope();
        if (shard.IsMasked)
        {
            var counted = rows.Rows.Select(row => CountedPositions.Of(shard, row)).ToArray();
            return new TokenBatch(
                inputs, CountedPositions.Mask(counted).ToDevice(device).DetachFromDisposeScope(), count, lengths.Sum(),
                counted.Sum(row => row.LongCount(each => each)));
        }

        var full = Array.TrueForAll(lengths, length => length == width);
        return new TokenBatch(
            inputs,
            full ? null : tensor(lengths).ToDevice(device).DetachFromDisposeScope(),
            count, lengths.Sum(), lengths.Sum(length => length - 1));
    }
}
