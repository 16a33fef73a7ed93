namespace Distil.Trainer.Datasets;

/// <summary>Packs documents end to end into rows, each document ended by the end-of-text token. Nothing is dropped; the last row may be short. If texts have a token
/// at their beginning, each document begins with it, and each row, also in the middle of a document: models are bad at rows without it.</summary>
/// <remarks>
/// A document of ids whose length is a multiple of the row length consists of rows already. It is written at once, with nothing appended, while a partly
/// filled row waits for the documents after it. A file of such documents therefore gives exactly its own rows.
/// </remarks>
/// <param name="write">Receives the rows, with the starts of documents and of their parts.</param>
/// <param name="contextLength">Tokens in a row.</param>
/// <param name="endOfText">Returns the token that is appended to each document that does not already end with it.</param>
/// <param name="beginning">Returns the token at the beginning of each document and row; null for none.</param>
/// <param name="maxTokens">Number of tokens after which the rest is dropped.</param>
internal sealed class RowPacker(Action<LabelledTokens> write, int contextLength, Func<int> endOfText, Func<int?> beginning, long maxTokens = long.MaxValue) : IRowPacker
{
    private readonly int[] _row = new int[contextLength];
    private readonly bool[] _starts = new bool[contextLength];
    private int _filled;
    private bool _isStart;

    /// <inheritdoc/>
    public bool IsFull => Tokens == maxTokens;

    /// <inheritdoc/>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public bool Add(EncodedText document)
    {
        if (IsFull)
        {
            return false;
        }

        Add(document.Tokens.Ids, document.AreGiven);
        return true;
    }

    /// <summary>Adds a document.</summary>
    /// <param name="ids">At least one.</param>
    /// <param name="areIds">Whether the source had ids, not text.</param>
    internal void Add(ReadOnlySpan<int> ids, bool areIds)
    {
        if (areIds && ids.Length % contextLength == 0 && ids.Length <= maxTokens - Tokens)
        {
            for (var start = 0; start < ids.Length; start += contextLength)
            {
                write(new(ids.Slice(start, contextLength).ToArray(), Starts: [.. Enumerable.Range(0, contextLength).Select(i => i == 0)]));
            }

            Tokens += ids.Length;
            return;
        }

        _isStart = true;
        if (beginning() is { } first && ids[0] != first)
        {
            Append([first]);
        }

        Append(ids);
        if (ids[^1] != endOfText())
        {
            Append([endOfText()]);
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (_filled > 0)
        {
            write(new(_row[.._filled], Starts: _starts[.._filled]));
            _filled = 0;
        }
    }

    private void Append(ReadOnlySpan<int> ids)
    {
        while (!ids.IsEmpty && !IsFull)
        {
            _starts.AsSpan(_filled).Clear();
            _starts[_filled] = _isStart || _filled == 0;
            _isStart = false;
            if (_filled == 0 && beginning() is { } first && ids[0] != first)
            {
                _row[_filled++] = first;
                Tokens++;
                continue;
            }

            var taken = (int)Math.Min(Math.Min(ids.Length, contextLength - _filled), maxTokens - Tokens);
            ids[..taken].CopyTo(_row.AsSpan(_filled));
            ids = ids[taken..];
            _filled += taken;
            Tokens += taken;
            if (_filled == contextLength)
            {
                Flush();
            }
        }
    }
}
