namespace Distil.Trainer.Evaluation.Recall;

/// <summary>The tokens from which sequences are drawn: those of a text, so that each of them occurred in training.</summary>
/// <param name="Vocabulary">Distinct tokens, ascending.</param>
/// <param name="EndOfText">The token before a document.</param>
public sealed record RecallTokens(IReadOnlyList<long> Vocabulary, long EndOfText)
{
    /// <summary>Collects all tokens of some rows except the one that ends a document.</summary>
    public static RecallTokens Of(IEnumerable<long[]> rows, long endOfText) =>
        new([.. rows.SelectMany(row => row).Where(id => id != endOfText).Distinct().Order()], endOfText);
}
