using System.Buffers;
using System.Globalization;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>A section of a text, and the added token if it is one.</summary>
internal readonly record struct Segment(int Start, int Length, AddedToken? Token);

/// <summary>Finds added tokens: the leftmost first; of those that start at the same place, the longest (Hugging Face's <c>find_matches</c>).</summary>
internal sealed class AddedTokens
{
    private readonly AddedToken[] _longestFirst;
    private readonly SearchValues<string>? _contents;

    internal AddedTokens(IEnumerable<AddedToken> tokens)
    {
        _longestFirst = [.. tokens.Where(token => token.Content.Length > 0).OrderByDescending(token => token.Content.Length)];
        _contents = _longestFirst.Length > 0 ? SearchValues.Create([.. _longestFirst.Select(token => token.Content)], StringComparison.Ordinal) : null;
    }

    /// <summary>Splits a text at its added tokens.</summary>
    /// <remarks>A token that strips white space can reach over a token that consists of it, which is found all the same: sections may overlap, as in the
    /// reference.</remarks>
    internal IEnumerable<Segment> Split(string text)
    {
        var done = 0;
        var searched = 0;
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
                start = Math.Max(done, text.AsSpan(0, start).TrimEnd().Length);
            }

            if (token.RightStrip)
            {
                end = text.Length - text.AsSpan(end).TrimStart().Length;
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
        foreach (var token in _longestFirst)
        {
            if (string.CompareOrdinal(text, start, token.Content, 0, token.Content.Length) == 0)
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
