namespace Distil.Trainer.Evaluation;

/// <summary>A row to evaluate on.</summary>
/// <param name="Ids">Its real tokens.</param>
/// <param name="Counts">Which of them count; null if all do that have another before them.</param>
public readonly record struct EvaluationRow(long[] Ids, bool[]? Counts = null)
{
    /// <summary>The positions whose next token counts.</summary>
    /// <param name="skip">Positions at the start of the row that are left out, ≥ 0.</param>
    internal IEnumerable<int> Positions(int skip = 0)
    {
        var counts = Counts;
        return Enumerable.Range(skip, Math.Max(Ids.Length - 1 - skip, 0)).Where(position => counts?[position + 1] ?? true);
    }
}
