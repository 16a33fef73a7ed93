namespace Distil.Trainer.Evaluation.Recall;

/// <summary>The tokens that sequences are drawn from: those of a text that the models know, so that none is a token that no training ever saw.</summary>
/// <param name="Vocabulary">Each once, rising.</param>
/// <param name="EndOfText">The token before a document.</param>
public sealed record RecallTokens(IReadOnlyList<long> Vocabulary, long EndOfText)
{
    /// <summary>All tokens of some rows but the one that ends a document.</summary>
    public static RecallTokens Of(IEnumerable<long[]> rows, long endOfText) =>
        new([.. rows.SelectMany(row => row).Where(id => id != endOfText).Distinct().Order()], endOfText);
}
