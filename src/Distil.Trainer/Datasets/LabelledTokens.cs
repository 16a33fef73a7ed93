namespace Distil.Trainer.Datasets;

/// <summary>The tokens of a document or row.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="Counts">Which of them count in the losses; the first never does. Null if all do that are predicted.</param>
/// <param name="Starts">At which of them a document of the row begins; null if the row is one document, or if that is not known.</param>
internal readonly record struct LabelledTokens(int[] Ids, bool[]? Counts = null, bool[]? Starts = null)
{
    /// <summary>The parts of a row that are documents, in order.</summary>
    /// <param name="starts">At which tokens one begins: at the first, and perhaps at others.</param>
    internal static IReadOnlyList<Range> Documents(bool[] starts)
    {
        int[] at = [.. starts.Index().Where(token => token.Item).Select(token => token.Index), starts.Length];
        return [.. at.Zip(at.Skip(1), (start, end) => start..end)];
    }
}
