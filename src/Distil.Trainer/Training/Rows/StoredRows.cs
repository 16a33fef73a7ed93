using Distil.Trainer.Datasets;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>The rows of a dataset's shards, read from their files. The files stay their opener's.</summary>
/// <param name="shards">In the dataset's order, of one context length.</param>
/// <param name="device">The model's.</param>
public sealed class StoredRows(IReadOnlyList<TokenRows> shards, Device device) : ITrainingRows
{
    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards { get; } = [.. shards.Select(shard => shard.Rows)];

    /// <inheritdoc />
    public TokenBatch Read(MicroBatch rows)
    {
        var shard = shards[rows.Shard];
        var (count, length) = (rows.Rows.Length, shard.ContextLength);
        var ids = new long[count * length];
        var lengths = new long[count];
        for (var i = 0; i < count; i++)
            lengths[i] = shard.ReadRow(rows.Rows[i], ids.AsSpan(i * length, length));

        using var scope = NewDisposeScope();
        var input = tensor(ids, [count, length]).to(device).DetachFromDisposeScope();        // (B, S)
        var padded = lengths.Any(real => real < length) ? tensor(lengths).to(device).DetachFromDisposeScope() : null;
        return new(input, padded, count, lengths.Sum(), lengths.Sum(real => real - 1));
    }
}
