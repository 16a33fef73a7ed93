namespace Distil.Trainer.Evaluation.Recall;

/// <summary>The tokens from which sequences are drawn: those of a text, so that each of them occurred in training.</summary>
/// <param name="Vocabulary">Distinct tokens, ascending.</param>
/// <param name="First">The token before a document: the one with which a text begins, or else the one that ends a document.</param>
public sealed record RecallTokens(IReadOnlyList<long> Vocabulary, long First)
{
    /// <summary>Collects all tokens of some rows except those that begin and end a document.</summary>
    public static RecallTokens Of(IEnumerable<long[]> rows, long endOfText, long? beginning = null) =>
        new([.. rows.SelectMany(row => row).Where(id => id != endOfText && id != beginning).Distinct().Order()], beginning ?? endOfText);
}
