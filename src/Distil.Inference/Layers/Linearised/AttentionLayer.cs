using Distil.Core.Models;

namespace Distil.Inference.Layers.Linearised;

/// <summary>A layer that keeps its teacher's attention: each position sees all before it, whose keys and values are in the sequence's cache.</summary>
/// <param name="config">The teacher's shape.</param>
/// <param name="weights">Taken over.</param>
/// <param name="record">Where its keys and values begin in a record of the cache.</param>
internal sealed unsafe class AttentionLayer(TransformerConfig config, TransformerLayerWeights weights, int record) : TransformerLayer(config, weights)
{
    /// <inheritdoc/>
    internal override int StateLength => 0;

    /// <summary>Values of a layer in a record: its keys, then its values.</summary>
    internal static int RecordLength(TransformerConfig config)
    {
        var heads = HeadLayout.Of(config);
        return 2 * heads.KeyValueHeads * heads.Stride;
    }

    /// <inheritdoc/>
    protected override long BytesOfARow
    {
        get
        {
            var longest = 0L;
            for (var row = 0; row < Current.Count; row++)
            {
                longest = Math.Max(longest, Current.Position(row));
            }

            return 2L * sizeof(float) * longest * Heads.Heads * Heads.Stride;
        }
    }

    /// <summary>Stores keys and values, which lie side by side in a row as in a record.</summary>
    protected override void Prepare()
    {
        for (var sequence = 0; sequence < Current.Sequences; sequence++)
        {
            var (cache, length) = (Current.Cache(sequence), 2 * Heads.KeyValueHeads * Heads.Stride);
            for (var row = Current.FirstRow(sequence); row < Current.EndRow(sequence); row++)
            {
                new ReadOnlySpan<float>(Current.Joined[row] + Heads.Key(0), length).CopyTo(new(cache.At(Current.Position(row)) + record, length));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Attend(int sequence, int head)
    {
        var (cache, shared) = (Current.Cache(sequence), Heads.Shared(head));
        var (key, value) = (record + shared * Heads.Stride, record + (Heads.KeyValueHeads + shared) * Heads.Stride);
        var result = stackalloc float[Heads.Stride];
        for (var row = Current.FirstRow(sequence); row < Current.EndRow(sequence); row++)
        {
            var sum = new AttentionSum(Current.Joined[row] + head * Heads.Stride, Heads.Size, Heads.Stride, result);
            for (long from = 0, end = Current.Position(row) + 1; from < end; from += AttentionCache.PagePositions)
            {
                var page = cache.At(from);
                sum.Add(page + key, page + value, Math.Min(AttentionCache.PagePositions, end - from), cache.RecordLength);
            }

            sum.Finish();
            Write(row, head, result);
        }
    }
}
