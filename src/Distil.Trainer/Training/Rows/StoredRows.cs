using Distil.Trainer.Datasets;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>The dataset's training rows, read from memory-mapped files; only the rows of a batch are in memory.</summary>
internal sealed class StoredRows : ITrainingRows, IDisposable
{
    private readonly List<TokenRows?> _shards = [];
    private readonly Device _device;

    private StoredRows(Device device) => _device = device;

    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards => [.. _shards.Select(shard => shard?.Rows ?? 0)];

    /// <summary>Opens the files of all shards.</summary>
    /// <param name="paths">The paths in order; null for a shard without rows.</param>
    /// <param name="device">Device of the batches.</param>
    public static StoredRows Open(IReadOnlyList<string?> paths, Device device)
    {
        var rows = new StoredRows(device);
        try
        {
            rows._shards.AddRange(paths.Select(path => path is null ? null : TokenRows.Open(path)));
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public TokenBatch Read(MicroBatch rows)
    {
        var shard = _shards[rows.Shard]!;
        var (count, width) = (rows.Rows.Length, shard.ContextLength);
        var ids = new long[count * width];
        var lengths = new long[count];
        for (var i = 0; i < count; i++)
        {
            lengths[i] = shard.ReadRow(rows.Rows[i], ids.AsSpan(i * width, width));
        }

        using var scope = NewDisposeScope();
        var inputs = tensor(ids, count, width).ToDevice(_device).DetachFromDisposeScope();
        if (shard.IsMasked)
        {
            var counted = rows.Rows.Select(row => CountedPositions.Of(shard, row)).ToArray();
            return new TokenBatch(
                inputs, CountedPositions.Mask(counted).ToDevice(_device).DetachFromDisposeScope(), count, lengths.Sum(),
                counted.Sum(row => row.LongCount(each => each)));
        }

        var full = Array.TrueForAll(lengths, length => length == width);
        return new TokenBatch(
            inputs,
            full ? null : tensor(lengths).ToDevice(_device).DetachFromDisposeScope(),
            count, lengths.Sum(), lengths.Sum(length => length - 1));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var shard in _shards)
        {
            shard?.Dispose();
        }
    }
}
