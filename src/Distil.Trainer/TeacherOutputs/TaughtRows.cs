using Distil.Trainer.Datasets;
using Distil.Trainer.Ranks;
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
    /// <param name="rank">This process's number; of n processes, it takes every n-th batch from this one on.</param>
    /// <param name="ranks">Number of processes, ≥ 1.</param>
    /// <returns>The outputs in the rows' order, outside of every dispose scope.</returns>
    internal static IEnumerable<TaughtRows> Of(
        TokenRows rows, TeacherExtractor extractor, int batchRows, Device device, int rank = 0, int ranks = 1)
    {
        for (var row = (long)rank * batchRows; row < rows.Rows; row += (long)ranks * batchRows)
        {
            yield return Batch(rows, row, (int)Math.Min(batchRows, rows.Rows - row), extractor, device);
        }
    }

    /// <summary>Encodes batches while the teacher reads the one after each.</summary>
    /// <param name="taught">The batches, which are disposed.</param>
    /// <param name="encoder">The encoder of the file that they are for.</param>
    /// <exception cref="NonFiniteOutputsException">An output is not finite; nothing after it is computed.</exception>
    internal static IEnumerable<EncodedRows> Encode(IEnumerable<TaughtRows> taught, RowEncoder encoder)
    {
        using var ahead = new Prefetch<TaughtRows>(taught);
        foreach (var batch in ahead.Items())
        {
            using (batch)
            {
                yield return Encoded(batch, encoder);
            }
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
    /// <param name="others">The processes that take the other batches; null for this one alone.</param>
    /// <exception cref="NonFiniteOutputsException">An output is not finite; nothing after it is computed.</exception>
    internal static void Store(
        TokenRows rows, TeacherExtractor extractor, TeacherOutputsWriter writer, int batchRows, Device device, Action<long> onBatch, RankTeam? others = null)
    {
        var (done, rank, ranks) = (0L, 0, others?.Count ?? 1);
        using var encoded = new Prefetch<EncodedRows>(Encode(Of(rows, extractor, batchRows, device, 0, ranks), writer.Encoder));
        using var own = encoded.Items().GetEnumerator();
        while (done < rows.Rows)
        {
            using (IEncodedRows batch = rank > 0 ? new SentRows(others!.TakeOutput(rank)) : own.MoveNext() ? own.Current : throw new InvalidOperationException())
            {
                writer.Append(batch);
                done += batch.Count;
            }

            onBatch(done);
            rank = (rank + 1) % ranks;
        }
    }

    /// <summary>Computes the batches of a process other than process 0.</summary>
    /// <param name="rows">The file of rows.</param>
    /// <param name="extractor">The extractor with its teacher.</param>
    /// <param name="encoder">The encoder of the file of outputs.</param>
    /// <param name="batchRows">Rows at once, ≥ 1.</param>
    /// <param name="device">The teacher's device.</param>
    /// <param name="ranks">The group, with this process's number.</param>
    /// <param name="send">Receives each batch for process 0.</param>
    /// <exception cref="NonFiniteOutputsException">An output is not finite; nothing after it is computed.</exception>
    internal static void Send(
        TokenRows rows, TeacherExtractor extractor, RowEncoder encoder, int batchRows, Device device, IRankGroup ranks, Action<ReadOnlyMemory<byte>> send)
    {
        using var encoded = new Prefetch<EncodedRows>(Encode(Of(rows, extractor, batchRows, device, ranks.Rank, ranks.Count), encoder));
        foreach (var batch in encoded.Items())
        {
            using (batch)
            {
                SentRows.Send(batch, send);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => Targets.Dispose();

    private static EncodedRows Encoded(TaughtRows batch, RowEncoder encoder)
    {
        try
        {
            return encoder.Encode(batch.Targets, batch.Lengths);
        }
        catch (NonFiniteOutputsException error)
        {
            throw error.After(batch.First);
        }
    }

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
        var documents = rows.HasDocuments ? DocumentGroup.Of(rows, [.. Enumerable.Range(0, count).Select(i => first + i)]) : null;
        if (rows.IsMasked)
        {
            bool[][] counted = [.. Enumerable.Range(0, count).Select(i => CountedPositions.Of(rows, first + i))];
            order = CountedPositions.Order(counted).ToDevice(device);
            lengths = [.. counted.Select(row => row.Count(each => each))];
        }

        var full = Array.TrueForAll(lengths, length => length == rows.ContextLength);
        var real = full ? null : tensor(lengths.Select(length => (long)length).ToArray()).ToDevice(device);
        var targets = extractor.Extract(tensor(ids, count, rows.ContextLength).ToDevice(device), real, order, documents);
        return new(targets.ForStorage(), lengths, first);
    }
}
