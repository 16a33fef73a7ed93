using Distil.Trainer.Datasets;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The teacher's outputs of some rows on the host, ready to be stored.</summary>
/// <param name="Targets">The outputs, with hidden states in float16.</param>
/// <param name="Lengths">Number of positions of each row that are stored: its first.</param>
/// <param name="First">The first of these rows in the file, from 0.</param>
internal sealed record TaughtRows(TeacherTargets Targets, int[] Lengths, long First) : IDisposable
{
    /// <summary>Runs the teacher over a file of rows, batch by batch.</summary>
    /// <param name="rows">The file of rows.</param>
    /// <param name="extractor">The extractor with its teacher.</param>
    /// <param name="batchRows">Rows at once, ≥ 1.</param>
    /// <param name="device">The teacher's device.</param>
    /// <returns>The outputs in the rows' order, outside of every dispose scope.</returns>
    internal static IEnumerable<TaughtRows> Of(TokenRows rows, TeacherExtractor extractor, int batchRows, Device device)
    {
        for (long row = 0; row < rows.Rows; row += batchRows)
        {
            yield return Batch(rows, row, (int)Math.Min(batchRows, rows.Rows - row), extractor, device);
        }
    }

    /// <summary>Runs the teacher over a file of rows and appends its outputs to another file: while a batch is written, the next is encoded and the teacher
    /// reads the one after it.</summary>
    /// <param name="rows">The file of rows.</param>
    /// <param name="extractor">The extractor with its teacher.</param>
    /// <param name="writer">The file of outputs; it is not closed.</param>
    /// <param name="batchRows">Rows at once, ≥ 1.</param>
    /// <param name="device">The teacher's device.</param>
    /// <param name="onBatch">Receives the number of rows that have been written; an exception from it ends the work.</param>
    /// <exception cref="NonFiniteOutputsException">An output is not finite; nothing after it is computed.</exception>
    internal static void Store(TokenRows rows, TeacherExtractor extractor, TeacherOutputsWriter writer, int batchRows, Device device, Action<long> onBatch)
    {
        var done = 0L;
        using var taught = new Prefetch<TaughtRows>(Of(rows, extractor, batchRows, device));
        using var encoded = new Prefetch<EncodedRows>(taught.Items().Select(batch =>
        {
            using (batch)
            {
                try
                {
                    return writer.Encode(batch.Targets, batch.Lengths);
                }
                catch (NonFiniteOutputsException error)
                {
                    throw error.After(batch.First);
                }
            }
        }));
        foreach (var batch in encoded.Items())
        {
            using (batch)
            {
                writer.Append(batch);
            }
            onBatch(done += batch.Count);
        }
    }

    /// <inheritdoc />
    public void Dispose() => Targets.Dispose();

    private static TaughtRows Batch(TokenRows rows, long first, int count, TeacherExtractor extractor, Device device)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var ids = new long[count * rows.ContextLength];
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            lengths[i] = rows.ReadRow(first + i, ids.AsSpan(i * rows.ContextLength, rows.ContextLength));
        }

        Tensor? order = null;
        if (rows.IsMasked)
        {
            bool[][] counted = [.. Enumerable.Range(0, count).Select(i => CountedPositions.Of(rows, first + i))];
            order = CountedPositions.Order(counted).ToDevice(device);
            lengths = [.. counted.Select(row => row.Count(each => each))];
        }

        var full = Array.TrueForAll(lengths, length => length == rows.ContextLength);
        var real = full ? null : tensor(lengths.Select(length => (long)length).ToArray()).ToDevice(device);
        var targets = extractor.Extract(tensor(ids, count, rows.ContextLength).ToDevice(device), real, order);
        return new(targets.ForStorage(), lengths, first);
    }
}
