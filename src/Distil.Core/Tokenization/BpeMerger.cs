using System.Text;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>Merges the bytes or characters of a word into tokens: the pair of lowest rank first, of equal ones the leftmost (BPE, arXiv 1508.07909).</summary>
/// <remarks>O(n log n) for a word of n bytes: the pieces are a linked list and the pairs wait in a heap, as in Hugging Face's <c>tokenizers</c>. Scanning for
/// the lowest rank after each merge would take O(n²): minutes for a line of Chinese text without spaces.</remarks>
internal sealed class BpeMerger
{
    private const int MergesBetweenLooks = 1 << 12;

    private readonly int[] _bytes = new int[256];
    private readonly Dictionary<int, int>? _characters; // tokens by code point, if words are spelled in characters
    private readonly Dictionary<(int Left, int Right), (int Rank, int Token)> _merges;

    /// <param name="path">The tokenizer.json, for messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="InvalidInputException">Vocabulary and merges do not fit together.</exception>
    internal BpeMerger(string path, TokenizerJson json)
    {
        var ids = IdsOf(path, json);
        for (var value = 0; value < 256; value++)
        {
            var token = json.TokenOf((byte)value);
            _bytes[value] = ids.TryGetValue(token, out var id)
                ? id
                : throw new InvalidInputException($"{path}: model.vocab has no token '{token}'; expected one for each of the 256 bytes");
        }

        _characters = json.IsOfBytes ? null : Characters(ids);

        _merges = new Dictionary<(int, int), (int, int)>(json.Merges.Count);
        foreach (var (rank, merge) in json.Merges.Index())
        {
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            var (left, right) = (merge[..space], merge[(space + 1)..]);
            // Of a merge that is listed twice, the last counts, as in Hugging Face.
            _merges[(Id(left, merge), Id(right, merge))] = (rank, Id(left + right, merge));
        }

        int Id(string token, string merge) => ids.TryGetValue(token, out var id)
            ? id
            : throw new InvalidInputException($"{path}: model.merges: '{merge}' needs the token '{token}', which is not in model.vocab");
    }

    /// <summary>Returns the tokens of a word.</summary>
    /// <param name="word">Well-formed UTF-16.</param>
    /// <param name="cancel">Checked every few thousand merges.</param>
    internal int[] Merge(ReadOnlySpan<char> word, CancellationToken cancel)
    {
        var pieces = new Pieces(FirstTokens(word));
        // An entry is the position of a pair's left piece; its priority is the pair's rank, then the position.
        var waiting = new PriorityQueue<int, long>(pieces.Tokens.Length);
        for (var at = 0; at < pieces.Tokens.Length - 1; at++)
        {
            Enqueue(waiting, pieces, at);
        }

        for (var merges = 0; waiting.TryDequeue(out var at, out var priority); merges++)
        {
            if (merges % MergesBetweenLooks == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            // Merges beside it may have changed the pair since it was entered: then it is no longer of that rank.
            if (!TryFind(pieces, at, out var merge) || merge.Rank != priority >> 32)
            {
                continue;
            }

            pieces.Join(at, merge.Token);
            Enqueue(waiting, pieces, at);
            if (pieces.Before[at] >= 0)
            {
                Enqueue(waiting, pieces, pieces.Before[at]);
            }
        }

        return pieces.Left();
    }

    /// <summary>The tokens of a word's bytes; or those of its characters, and of the bytes of characters that have none.</summary>
    private int[] FirstTokens(ReadOnlySpan<char> word)
    {
        var tokens = new List<int>(word.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in word.EnumerateRunes())
        {
            if (_characters is not null && _characters.TryGetValue(rune.Value, out var token))
            {
                tokens.Add(token);
                continue;
            }

            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                tokens.Add(_bytes[value]);
            }
        }

        return [.. tokens];
    }

    private static Dictionary<int, int> Characters(Dictionary<string, int> ids) =>
        ids.Where(entry => Rune.TryGetRuneAt(entry.Key.Length > 0 ? entry.Key : " x", 0, out var rune) && rune.Utf16SequenceLength == entry.Key.Length)
            .ToDictionary(entry => Rune.GetRuneAt(entry.Key, 0).Value, entry => entry.Value);

    private static Dictionary<string, int> IdsOf(string path, TokenizerJson json)
    {
        var ids = new Dictionary<string, int>(json.Vocabulary.Count, StringComparer.Ordinal);
        foreach (var (token, id) in json.Vocabulary)
        {
            if (!ids.TryAdd(token, id))
            {
                throw new InvalidInputException($"{path}: model.vocab has a token twice, '{token}'; expected each once");
            }
        }

        return ids;
    }

    private void Enqueue(PriorityQueue<int, long> waiting, Pieces pieces, int at)
    {
        if (TryFind(pieces, at, out var merge))
        {
            waiting.Enqueue(at, ((long)merge.Rank << 32) | (uint)at);
        }
    }

    private bool TryFind(Pieces pieces, int at, out (int Rank, int Token) merge)
    {
        merge = default;
        var after = pieces.After[at];
        return pieces.Tokens[at] >= 0 && after >= 0 && _merges.TryGetValue((pieces.Tokens[at], pieces.Tokens[after]), out merge);
    }

    /// <summary>The pieces of a word as a list linked in both directions; −1 is no piece.</summary>
    private sealed class Pieces
    {
        internal Pieces(int[] tokens)
        {
            (Tokens, Before, After) = (tokens, new int[tokens.Length], new int[tokens.Length]);
            for (var at = 0; at < tokens.Length; at++)
            {
                (Before[at], After[at]) = (at - 1, at + 1 < tokens.Length ? at + 1 : -1);
            }
        }

        internal int[] Tokens { get; }

        internal int[] Before { get; }

        internal int[] After { get; }

        /// <summary>Joins a piece with the one after it.</summary>
        internal void Join(int at, int token)
        {
            var joined = After[at];
            (Tokens[at], Tokens[joined]) = (token, -1);
            After[at] = After[joined];
            if (After[at] >= 0)
            {
                Before[After[at]] = at;
            }
        }

        internal int[] Left() => Array.FindAll(Tokens, token => token >= 0);
    }
}
