namespace Distil.Trainer.Training.Rows;

/// <summary>What some rows contain; the parts of the loss are means over these.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Tokens">Real tokens in all rows.</param>
/// <param name="Labels">Number of tokens predicted from an earlier one in their row that count.</param>
/// <param name="Positions">Number of positions over which the losses to the teacher are means.</param>
/// <param name="IsMasked">Whether rows have masks.</param>
public readonly record struct RowCounts(long Rows, long Tokens, long Labels, long Positions, bool IsMasked)
{
    /// <summary>Counts rows of a length without padding and masks.</summary>
    internal static RowCounts OfFull(long rows, long length) => new(rows, rows * length, rows * (length - 1), rows * length, IsMasked: false);

    /// <summary>Adds the counts of other rows.</summary>
    public static RowCounts operator +(RowCounts some, RowCounts others) => new(
        some.Rows + others.Rows, some.Tokens + others.Tokens, some.Labels + others.Labels, some.Positions + others.Positions,
        some.IsMasked || others.IsMasked);
}
