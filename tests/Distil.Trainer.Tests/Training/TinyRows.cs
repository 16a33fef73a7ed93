using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training;

/// <summary>Rows computed from their numbers; every fifth is half padding.</summary>
/// <param name="rowsOfShards">Rows in each shard.</param>
/// <param name="contextLength">Tokens in a row.</param>
/// <param name="vocabulary">Number of tokens, V.</param>
/// <param name="padding">The token behind the end of a short row.</param>
/// <param name="masked">Whether what is behind the end is text that does not count, instead of padding.</param>
internal sealed class TinyRows(IReadOnlyList<long> rowsOfShards, int contextLength = 6, int vocabulary = 16, long padding = 0, bool masked = false)
    : ITrainingRows
{
    public IReadOnlyList<long> RowsOfShards => rowsOfShards;

    /// <value>Called before each read, to test a slow or broken source.</value>
    public Action<MicroBatch> BeforeRead { get; init; } = _ => { };

    public RowCounts CountsOf(MicroBatch rows)
    {
        var tokens = rows.Rows.Sum(LengthOf);
        var labels = tokens - rows.Rows.Length;
        return masked
            ? new(rows.Rows.Length, contextLength * rows.Rows.Length, labels, labels, IsMasked: true)
            : new(rows.Rows.Length, tokens, labels, tokens, IsMasked: false);
    }

    public IReadOnlyList<TokenBatch> Read(MicroBatch rows)
    {
        BeforeRead(rows);
        using var scope = NewDisposeScope();
        var lengths = rows.Rows.Select(LengthOf).ToArray();
        var ids = rows.Rows.SelectMany((row, i) => Enumerable.Range(0, contextLength)
            .Select(position => position < lengths[i] ? (row * 7 + rows.Shard * 3 + position * position) % vocabulary : padding));
        var counted = tensor(lengths);
        if (masked)
        {
            counted = arange(1, contextLength + 1).unsqueeze(0).lt(counted.unsqueeze(-1)).to(ScalarType.Float32);
        }

        return [new(
            tensor(ids.ToArray()).view(rows.Rows.Length, contextLength).DetachFromDisposeScope(),
            counted.DetachFromDisposeScope(), rows.Rows.Length, masked ? contextLength * rows.Rows.Length : lengths.Sum(), lengths.Sum(length => length - 1))];
    }

    private long LengthOf(long row) => row % 5 == 4 ? contextLength / 2L : contextLength;
}
