using System.Buffers;
using System.Globalization;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>A section of a text, and the added token if it is one.</summary>
internal readonly record struct Segment(int Start, int Length, AddedToken? Token);

/// <summary>Finds added tokens: the leftmost first; of those that start at the same place, the longest (Hugging Face's <c>find_matches</c>).</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _byContent;
    private readonly int[] _longestFirst; // lengths
    private readonly SearchValues<string>? _contents;

    internal AddedTokens(IEnumerable<AddedToken> tokens)
    {
        var byContent = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var token in tokens.Where(token => token.Content.Length > 0))
        {
            byContent.TryAdd(token.Content, token); // of equal ones, the first is found
        }

        _byContent = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _longestFirst = [.. byContent.Keys.Select(content => content.Length).Distinct().OrderDescending()];
        _contents = byContent.Count > 0 ? SearchValues.Create([.. byContent.Keys], StringComparison.Ordinal) : null;
    }

    /// <summary>Splits a text at its added tokens.</summary>
    /// <remarks>A token that strips white space can reach over a token that consists of it, which is found all the same: sections may overlap, as in the
    /// reference.</remarks>
    internal IEnumerable<Segment> Split(string text)
    {
        var (done, searched) = (0, 0);
        var spaceEnd = 0; // of the white space that was stripped last, so that none is looked at twice
        while (_contents is not null && text.AsSpan(searched).IndexOfAny(_contents) is var found and >= 0)
        {
            var start = searched + found;
            var token = LongestAt(text, start);
            var end = start + token.Content.Length;
            searched = end;
            if (token.SingleWord && (EndsWithWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(end))))
            {
                continue;
            }

            if (token.LeftStrip)
            {
                start = start > done ? done + text.AsSpan(done, start - done).TrimEnd().Length : done;
            }

            if (token.RightStrip)
            {
                end = spaceEnd = end <= spaceEnd ? spaceEnd : text.Length - text.AsSpan(end).TrimStart().Length;
            }

            if (start > done)
            {
                yield return new Segment(done, start - done, null);
            }

            // White space that the token before it has stripped can leave nothing of a token that strips too.
            if (end > start)
            {
                yield return new Segment(start, end - start, token);
            }

            done = end;
        }

        if (done != text.Length)
        {
            yield return new Segment(done, text.Length - done, null);
        }
    }

    private AddedToken LongestAt(string text, int start)
    {
        foreach (var length in _longestFirst)
        {
            if (length <= text.Length - start && _byContent.TryGetValue(text.AsSpan(start, length), out var token))
            {
                return token;
            }
        }

        throw new InvalidOperationException("A token was found whose text is not there.");
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) => Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) => Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    // \w of Rust's regular expressions: Unicode's Alphabetic, marks, decimal digits, connectors and joiners (UTS #18, annex C).
    private static bool IsWord(Rune rune) =>
        Rune.IsLetter(rune) || rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
