namespace Distil.Trainer.Datasets;

/// <summary>Puts documents into rows.</summary>
internal interface IRowPacker
{
    /// <value>Whether no more documents are accepted, because the maximum number of tokens has been reached.</value>
    bool IsFull { get; }

    /// <value>Tokens accepted so far, written or waiting.</value>
    long Tokens { get; }

    /// <summary>Adds a document.</summary>
    /// <param name="document">Its tokens, at least one.</param>
    /// <returns>Whether some of it was accepted.</returns>
    bool Add(EncodedText document);

    /// <summary>Writes the rows that are not full yet.</summary>
    void Flush();
}

/// <summary>A text as tokens.</summary>
/// <param name="Tokens">At least one.</param>
/// <param name="AreGiven">Whether the source had ids, not text.</param>
internal readonly record struct EncodedText(LabelledTokens Tokens, bool AreGiven = false);
