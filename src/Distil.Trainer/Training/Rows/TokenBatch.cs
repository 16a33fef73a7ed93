using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>Rows of tokens that go through the model together.</summary>
/// <param name="InputIds">(B, S), int64, on the model's device.</param>
/// <param name="Counted">(B), int64: real tokens of each row; or, of rows with masks, (B, S), float32: 1 at each position whose next token counts in the
/// losses. Null if all positions are real.</param>
/// <param name="Rows">B.</param>
/// <param name="Tokens">Real tokens in all rows.</param>
/// <param name="Labels">Number of tokens predicted from an earlier one in their row that count; cross-entropy is the mean over them.</param>
public sealed record TokenBatch(Tensor InputIds, Tensor? Counted, long Rows, long Tokens, long Labels) : IDisposable
{
    /// <value>With masks, where the outputs of its positions are among those that are stored of the rows, (B·S), int64; null without.</value>
    internal Tensor? Places { get; init; }

    /// <value>Counts of the micro-batch of which it is a part; null if it is all of it.</value>
    internal RowCounts? Whole { get; init; }

    /// <value>Whether the rows have masks.</value>
    public bool IsMasked => Counted?.dim() == 2;

    /// <value>Number of positions over which the losses to the teacher are means: with masks those that count, else all real ones.</value>
    public long Positions => IsMasked ? Labels : Tokens;

    /// <value>Its counts.</value>
    public RowCounts Counts => new(Rows, Tokens, Labels, Positions, IsMasked);

    /// <inheritdoc />
    public void Dispose()
    {
        InputIds.Dispose();
        Counted?.Dispose();
        Places?.Dispose();
    }
}
