namespace Distil.Trainer.Datasets;

/// <summary>Lays documents end to end into rows, each document ended by the end-of-text token. Drops nothing; the last row may be short.</summary>
/// <remarks>
/// A document of ids whose length is a multiple of the row's is rows already: it goes through as it is, at once and with nothing appended, while a row
/// that is being filled waits for the documents after it. So a file of such documents gives exactly its own rows.
/// </remarks>
/// <param name="writer">Where rows go.</param>
/// <param name="contextLength">Tokens in a row.</param>
/// <param name="endOfText">Ends each document that does not end with it already.</param>
/// <param name="maxTokens">Tokens after which the rest is left out.</param>
internal sealed class RowPacker(TokenRowsWriter writer, int contextLength, int endOfText, long maxTokens)
{
    private readonly int[] _row = new int[contextLength];
    private int _filled;

    /// <value>Whether maxTokens are reached.</value>
    internal bool IsFull => Tokens == maxTokens;

    /// <value>Tokens taken, written or waiting.</value>
    internal long Tokens { get; private set; }

    /// <summary>Adds a document.</summary>
    /// <param name="ids">At least one.</param>
    /// <param name="areIds">Whether the source had ids, not text.</param>
    internal void Add(ReadOnlySpan<int> ids, bool areIds)
    {
        if (areIds && ids.Length % contextLength == 0 && ids.Length <= maxTokens - Tokens)
        {
            for (var start = 0; start < ids.Length; start += contextLength)
            {
                writer.WriteRow(ids.Slice(start, contextLength));
            }

            Tokens += ids.Length;
            return;
        }

        Append(ids);
        if (ids[^1] != endOfText)
        {
            Append([endOfText]);
        }
    }

    /// <summary>Writes the row that is being filled.</summary>
    internal void Flush()
    {
        if (_filled > 0)
        {
            writer.WriteRow(_row.AsSpan(0, _filled));
            _filled = 0;
        }
    }

    private void Append(ReadOnlySpan<int> ids)
    {
        ids = ids[..(int)Math.Min(ids.Length, maxTokens - Tokens)];
        Tokens += ids.Length;
        while (!ids.IsEmpty)
        {
            var taken = Math.Min(ids.Length, contextLength - _filled);
            ids[..taken].CopyTo(_row.AsSpan(_filled));
            ids = ids[taken..];
            _filled += taken;
            if (_filled == contextLength)
            {
                Flush();
            }
        }
    }
}
