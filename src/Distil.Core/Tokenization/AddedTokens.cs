using System.Buffers;
using System.Globalization;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>A token that is found in the text before it is split into words (<c>added_tokens</c> of tokenizer.json).</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it is found only if no word character is next to it.</param>
/// <param name="LeftStrip">Whether it includes the white space before it.</param>
/// <param name="RightStrip">Whether it includes the white space after it.</param>
/// <param name="Normalized">Whether it is searched in the normalised text instead of the original text.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized);

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

            yield return new Segment(start, end - start, token);
            done = end;
            searched = Math.Max(searched, end);
        }

        if (done < text.Length)
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

    private static bool IsWord(Rune rune) =>
        Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
