using System.Text;
using System.Text.RegularExpressions;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>A word of a text, in UTF-16 code units.</summary>
internal readonly record struct Word(int Start, int Length);

/// <summary>Splits text into the words within which BPE merges, as Hugging Face's Split, Digits and ByteLevel pre-tokenizers do.</summary>
/// <remarks>For the patterns, characters outside the basic plane are replaced by <see cref="StandIns"/>.</remarks>
internal sealed class WordSplitter
{
    /// <summary>The default time for one match. A pattern with nested repetitions can take longer than the age of the universe.</summary>
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<(Regex Pattern, bool KeepGaps)> _steps;
    private readonly StandIns _standIns;

    /// <param name="steps">The steps that split a text, in order.</param>
    /// <param name="matchLimit">Maximum time for one match; default 10 seconds.</param>
    internal WordSplitter(IReadOnlyList<SplitStep> steps, TimeSpan? matchLimit = null)
    {
        _steps = [.. steps.Select(step => (SplitPatterns.Of(step, matchLimit ?? MatchLimit), step.KeepGaps))];
        _standIns = StandIns.Of(steps);
    }

    /// <summary>Appends the words of a text.</summary>
    /// <exception cref="InvalidInputException">A pattern takes too long.</exception>
    internal void Split(string text, List<Word> words)
    {
        try
        {
            if (text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
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
        if (depth == _steps.Count)
        {
            words.Add(new Word(offset, piece.Length));
            return;
        }

        var step = _steps[depth];
        var done = 0;
        foreach (var match in step.Pattern.EnumerateMatches(piece))
        {
            if (step.KeepGaps && match.Index > done)
            {
                Split(piece[done..match.Index], offset + done, depth + 1, words);
            }

            // A match of no length is no piece, but separates the text before it from the text after it.
            if (match.Length > 0)
            {
                Split(piece.Slice(match.Index, match.Length), offset + match.Index, depth + 1, words);
            }

            done = match.Index + match.Length;
        }

        if (step.KeepGaps && done < piece.Length)
        {
            Split(piece[done..], offset + done, depth + 1, words);
        }
    }

    private void SplitWithStandIns(string text, List<Word> words)
    {
        var seen = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            starts.Add(at);
            at += rune.Utf16SequenceLength;
            seen.Append(rune.IsBmp ? (char)rune.Value : _standIns.For(rune));
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
}
