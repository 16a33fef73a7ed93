using Distil.Trainer.Datasets;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>The teacher's outputs of some rows on the host, ready to be stored.</summary>
/// <param name="Targets">Hidden states in float16.</param>
/// <param name="Lengths">Real positions of each row.</param>
internal sealed record TaughtRows(TeacherTargets Targets, int[] Lengths) : IDisposable
{
    /// <summary>Runs the teacher over a file of rows, batch by batch.</summary>
    /// <param name="rows">The file.</param>
    /// <param name="extractor">With its teacher.</param>
    /// <param name="kept">Counts what is kept.</param>
    /// <param name="batchRows">Rows at once, ≥ 1.</param>
    /// <param name="device">The teacher's.</param>
    /// <returns>In the rows' order; outside of every dispose scope.</returns>
    internal static IEnumerable<TaughtRows> Of(TokenRows rows, TeacherExtractor extractor, KeptTokens kept, int batchRows, Device device)
    {
        for (long row = 0; row < rows.Rows; row += batchRows)
            yield return Batch(rows, row, (int)Math.Min(batchRows, rows.Rows - row), extractor, kept, device);
    }

    /// <inheritdoc />
    public void Dispose() => Targets.Dispose();

    private static TaughtRows Batch(TokenRows rows, long first, int count, TeacherExtractor extractor, KeptTokens kept, Device device)
    {
        using var pause = CollectorPause.Begin();
        using var scope = NewDisposeScope();
        var ids = new long[count * rows.ContextLength];
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
            lengths[i] = rows.ReadRow(first + i, ids.AsSpan(i * rows.ContextLength, rows.ContextLength));

        var real = tensor(lengths.Select(length => (long)length).ToArray());
        var targets = extractor.Extract(tensor(ids, count, rows.ContextLength).ToDevice(device), real.ToDevice(device));
        var here = targets.ForStorage();
        kept.Add(here, lengths);
        return new(here, lengths);
    }
}
