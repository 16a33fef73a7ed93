using Distil.Core.Artifacts;
using Distil.Trainer.Datasets;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>The dataset's training rows, read from memory-mapped files; only the rows of a batch are in memory.</summary>
internal sealed class StoredRows : ITrainingRows, IDisposable
{
    private readonly List<TokenRows?> _shards = [];
    private readonly Device _device;

    private StoredRows(Device device) => _device = device;

    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards => [.. _shards.Select(shard => shard?.Rows ?? 0)];

    /// <summary>Opens all shards of a dataset.</summary>
    public static async Task<StoredRows> OpenAsync(JobContext job, DatasetManifest dataset)
    {
        var rows = new StoredRows(job.Device);
        try
        {
            foreach (var shard in dataset.Shards)
            {
                rows._shards.Add(shard.Train is { } train ? await job.OpenRowsAsync(train, shard.Index) : null);
            }

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
        var full = Array.TrueForAll(lengths, length => length == width);
        return new TokenBatch(
            tensor(ids, count, width).ToDevice(_device).DetachFromDisposeScope(),
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
