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
        var texts = shard.HasDocuments ? rows.Rows.Sum(row => shard.DocumentsOf(row).Count) : rows.Rows.Length;
        return new(texts, tokens, labels, labels, IsMasked: true);
    }

    /// <inheritdoc />
    public IReadOnlyList<TokenBatch> Read(MicroBatch rows)
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
        var inputs = tensor(ids, count, width).ToDevice(device);
        if (shard.IsMasked)
        {
            var counted = rows.Rows.Select(row => CountedPositions.Of(shard, row)).ToArray();
            var mask = CountedPositions.Mask(counted).ToDevice(device);
            var whole = new TokenBatch(inputs, mask, count, lengths.Sum(), counted.Sum(row => row.LongCount(each => each))) { Places = CountedPositions.Places(mask) };
            return shard.HasDocuments
                ? [.. DocumentGroup.Of(shard, rows.Rows).Select(group => Part(whole, group, counted, CountsOf(rows)))]
                : [Kept(whole)];
        }

        var full = Array.TrueForAll(lengths, length => length == width);
        return [Kept(new TokenBatch(inputs, full ? null : tensor(lengths).ToDevice(device), count, lengths.Sum(), lengths.Sum(length => length - 1)))];
    }

    /// <summary>Some documents of a batch of rows, as a batch.</summary>
    private TokenBatch Part(TokenBatch rows, DocumentGroup group, bool[][] counted, RowCounts counts)
    {
        var at = group.Places().ToDevice(device);
        var labels = group.Documents.Sum(document => counted[document.Row].AsSpan(document.Start, document.Length).Count(true));
        return Kept(new TokenBatch(group.Of(rows.InputIds, at), group.Of(rows.Counted!, at), group.Documents.Count, group.Tokens, labels)
        {
            Places = rows.Places!.index_select(0, at), Whole = counts,
        });
    }

    private static TokenBatch Kept(TokenBatch batch)
    {
        batch.InputIds.DetachFromDisposeScope();
        batch.Counted?.DetachFromDisposeScope();
        batch.Places?.DetachFromDisposeScope();
        return batch;
    }
}
