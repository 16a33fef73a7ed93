using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>One step of a pre-tokenizer: splits a text by a pattern into the matches and, in most cases, the text between them.</summary>
/// <param name="Pattern">The pattern of a piece.</param>
/// <param name="KeepGaps">Whether the text between matches is a piece too (Isolated) or is dropped (Removed, inverted).</param>
internal sealed record SplitStep(Regex Pattern, bool KeepGaps);

/// <summary>A word of a text, in UTF-16 code units.</summary>
internal readonly record struct Word(int Start, int Length);

/// <summary>Splits text into the words within which BPE merges, as Hugging Face's Split, Digits and ByteLevel pre-tokenizers do.</summary>
/// <remarks>
/// Microsoft.ML.Tokenizers' RegexPreTokenizer is not used: .NET matches UTF-16 code units, so \p{L} misses every letter outside the basic plane. Here each
/// such code point is replaced, for the patterns, by one character of the same general category.
/// </remarks>
internal sealed class WordSplitter(IReadOnlyList<SplitStep> steps)
{
    private static readonly char[] StandIns = FindStandIns();

    private readonly bool _ignoresCase = steps.Any(step => step.Pattern.ToString().Contains("(?i", StringComparison.Ordinal));

    /// <summary>Appends the words of a text.</summary>
    /// <exception cref="InvalidInputException">A pattern takes too long.</exception>
    internal void Split(string text, List<Word> words)
    {
        try
        {
            if (NeedsStandIns(text))
            {
                SplitWithStandIns(text, words);
            }
            else
            {
                Split(text, 0, 0, words);
            }
        }
        catch (RegexMatchTimeoutException slow)
        {
            throw new InvalidInputException(
                $"tokenizer.json: the pre-tokenizer's pattern {slow.Pattern} took longer than {slow.MatchTimeout.TotalSeconds:0.###} seconds for one match in a "
                + $"text of {text.Length} characters; expected one without nested repetitions", slow);
        }
    }

    private void Split(ReadOnlySpan<char> piece, int offset, int depth, List<Word> words)
    {
        if (depth == steps.Count)
        {
            words.Add(new Word(offset, piece.Length));
            return;
        }

        var step = steps[depth];
        var done = 0;
        foreach (var match in step.Pattern.EnumerateMatches(piece))
        {
            if (match.Length == 0)
            {
                continue;
            }

            if (step.KeepGaps && match.Index > done)
            {
                Split(piece[done..match.Index], offset + done, depth + 1, words);
            }

            Split(piece.Slice(match.Index, match.Length), offset + match.Index, depth + 1, words);
            done = match.Index + match.Length;
        }

        if (step.KeepGaps && done < piece.Length)
        {
            Split(piece[done..], offset + done, depth + 1, words);
        }
    }

    private bool NeedsStandIns(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || (_ignoresCase && text.Contains('ſ', StringComparison.Ordinal));

    private void SplitWithStandIns(string text, List<Word> words)
    {
        var seen = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            starts.Add(at);
            at += rune.Utf16SequenceLength;
            // The reference's (?i:s) matches the long s by Unicode case folding; that of .NET does not.
            seen.Append(!rune.IsBmp ? StandIns[(int)Rune.GetUnicodeCategory(rune)] : _ignoresCase && rune.Value == 'ſ' ? 's' : (char)rune.Value);
        }

        starts.Add(at);
        var found = words.Count;
        Split(seen.ToString(), 0, 0, words);
        for (; found < words.Count; found++)
        {
            var (start, length) = words[found];
            words[found] = new Word(starts[start], starts[start + length] - starts[start]);
        }
    }

    /// <summary>For each general category, the first character above ASCII that has it.</summary>
    private static char[] FindStandIns()
    {
        var standIns = new char[Enum.GetValues<UnicodeCategory>().Length];
        for (var character = char.MaxValue; character >= 0x80; character--)
        {
            standIns[(int)char.GetUnicodeCategory(character)] = character;
        }

        return standIns;
    }
}
