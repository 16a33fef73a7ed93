namespace Distil.Trainer.Evaluation;

/// <summary>A row to evaluate on.</summary>
/// <param name="Ids">Its real tokens.</param>
/// <param name="Counts">Which of them count; null if all do that have another before them.</param>
/// <param name="BeginsDocument">Whether it is known that a document begins with it.</param>
public readonly record struct EvaluationRow(long[] Ids, bool[]? Counts = null, bool BeginsDocument = false)
{
    /// <summary>The documents of a row, each a row of its own.</summary>
    /// <param name="documents">Where they are; the first may be the rest of one.</param>
    internal IEnumerable<EvaluationRow> Apart(IReadOnlyList<Range> documents)
    {
        var row = this;
        return documents.Select(document => new EvaluationRow(row.Ids[document], MaskOf(row.Counts?[document]), !document.Equals(documents[0])));

        static bool[]? MaskOf(bool[]? counts) => counts is not null && counts.AsSpan(1).Contains(false) ? counts : null;
    }

    /// <summary>The positions whose next token counts.</summary>
    /// <param name="skip">Positions at the start of the row that are left out, ≥ 0.</param>
    internal IEnumerable<int> Positions(int skip = 0)
    {
        var counts = Counts;
        return Enumerable.Range(skip, Math.Max(Ids.Length - 1 - skip, 0)).Where(position => counts?[position + 1] ?? true);
    }
}
