using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>Packs conversations into rows without cutting them: each goes into the fullest open row that has room for it.</summary>
/// <remarks>Of a conversation that is longer than a row, the row's beginning is used; the caller drops it if no token of that counts.</remarks>
/// <param name="write">Receives the rows, with the starts of conversations.</param>
/// <param name="contextLength">Tokens in a row.</param>
/// <param name="packing">Whether rows are shared.</param>
/// <param name="endOfText">The token that separates conversations; null for none.</param>
/// <param name="maxTokens">Maximum number of tokens: the first conversation that would exceed it is the end.</param>
internal sealed class ConversationPacker(
    Action<LabelledTokens> write, int contextLength, ChatPacking packing, int? endOfText, long maxTokens = long.MaxValue) : IRowPacker
{
    /// <summary>More open rows fill better, but a conversation waits longer for its row.</summary>
    private const int MaxOpen = 64;

    private readonly List<Row> _open = [];

    /// <inheritdoc/>
    public bool IsFull { get; private set; }

    /// <inheritdoc/>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public bool Add(EncodedText document)
    {
        var tokens = Ended(document.Tokens);
        IsFull |= tokens.Ids.Length > maxTokens - Tokens;
        if (IsFull)
        {
            return false;
        }

        Tokens += tokens.Ids.Length;
        if (packing == ChatPacking.None)
        {
            write(Alone(tokens));
            return true;
        }

        var row = _open.Where(each => each.Length + tokens.Ids.Length <= contextLength).MaxBy(each => each.Length);
        if (row is null)
        {
            if (_open.Count == MaxOpen)
            {
                Close(_open.MaxBy(each => each.Length)!);
            }

            _open.Add(row = new Row());
        }

        row.Add(tokens);
        if (row.Length == contextLength)
        {
            Close(row);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Flush()
    {
        while (_open.Count > 0)
        {
            Close(_open[0]);
        }
    }

    /// <summary>The beginning that fits into a row, ended by the end of text. A chat format may put one more token after it, for instance a line end.</summary>
    private LabelledTokens Ended(LabelledTokens document)
    {
        var (ids, counts, _) = document;
        if (ids.Length >= contextLength)
        {
            return new(ids[..contextLength], counts![..contextLength]);
        }

        return endOfText is not { } end || ids[^1] == end || (ids.Length > 1 && ids[^2] == end) ? document : new([.. ids, end], [.. counts!, false]);
    }

    private static LabelledTokens Alone(LabelledTokens conversation)
    {
        var row = new Row();
        row.Add(conversation);
        return row.ToTokens();
    }

    private void Close(Row row)
    {
        _open.Remove(row);
        write(row.ToTokens());
    }

    private sealed class Row
    {
        private readonly List<int> _ids = [];
        private readonly List<bool> _counts = [], _starts = [];

        public int Length => _ids.Count;

        public void Add(LabelledTokens tokens)
        {
            _ids.AddRange(tokens.Ids);
            _counts.AddRange(tokens.Counts!);
            _starts.AddRange(tokens.Ids.Select((_, i) => i == 0));
        }

        public LabelledTokens ToTokens() => new([.. _ids], [.. _counts], [.. _starts]);
    }
}
