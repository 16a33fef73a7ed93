using System.Buffers;
using System.Text;
using Distil.Core.Tokenization;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>A rendered conversation, and which of its characters count in the losses.</summary>
/// <param name="Text">The text.</param>
internal sealed record LabelledText(string Text)
{
    private readonly bool[] _counts = new bool[Text.Length];

    /// <summary>Sets whether the characters of a part count.</summary>
    internal void Set(int start, int end, bool counts) => _counts.AsSpan(start..end).Fill(counts);

    /// <summary>Encodes the text as a whole, as a model reads it. A token counts if the character in which it begins does; the first has nothing before it
    /// from which it could be predicted, and does not.</summary>
    /// <returns>Null if the tokens do not give the text back, so that it is unknown which token is which part of the text.</returns>
    internal LabelledTokens? Encode(HuggingFaceTokenizer tokenizer, CancellationToken cancel)
    {
        if (tokenizer.Normalize(Text) != Text)
        {
            return Normalized(tokenizer) is var read && read.Text != Text ? read.Encode(tokenizer, cancel) : null;
        }

        int[] ids = [.. tokenizer.Encode(Text, cancel: cancel)];
        return Offsets(ids, tokenizer, Encoding.UTF8.GetBytes(Text)) is { } starts
            ? new(ids, [.. starts.Select((start, i) => i > 0 && _counts[start])])
            : null;
    }

    /// <summary>The text as the tokenizer normalises it, part by part, so that it remains known which characters count.</summary>
    private LabelledText Normalized(HuggingFaceTokenizer tokenizer)
    {
        var parts = new List<(string Text, bool Counts)>();
        for (int start = 0, end; start < Text.Length; start = end)
        {
            end = _counts.AsSpan(start).IndexOf(!_counts[start]) is >= 0 and var length ? start + length : Text.Length;
            parts.Add((tokenizer.Normalize(Text[start..end]), _counts[start]));
        }

        var (read, at) = (new LabelledText(string.Concat(parts.Select(part => part.Text))), 0);
        foreach (var (text, counts) in parts)
        {
            read.Set(at, at += text.Length, counts);
        }

        return read;
    }

    /// <summary>The character in which each token begins.</summary>
    private List<int>? Offsets(int[] ids, HuggingFaceTokenizer tokenizer, ReadOnlySpan<byte> text)
    {
        var (starts, character, at) = (new List<int>(ids.Length), 0, 0);
        foreach (var id in ids)
        {
            var added = tokenizer.AddedOf(id);
            if (added is { LeftStrip: true })
            {
                PassSpace(text, ref at, ref character);
            }

            var bytes = tokenizer.BytesOf(id);
            if (bytes is [(byte)' ', .. var rest] && !text[at..].StartsWith(bytes))
            {
                bytes = rest; // some tokenizers put a space before a text
            }

            if (!text[at..].StartsWith(bytes))
            {
                return null;
            }

            starts.Add(Math.Clamp(IsInside(bytes) ? character - 1 : character, 0, Text.Length - 1));
            foreach (var each in bytes)
            {
                character += (each & 0xC0) == 0x80 ? 0 : each >= 0xF0 ? 2 : 1; // a character of UTF-16 for each first byte, two for those of four bytes
            }

            at += bytes.Length;
            if (added is { RightStrip: true })
            {
                PassSpace(text, ref at, ref character);
            }
        }

        return at == text.Length ? starts : null;
    }

    /// <summary>Passes white space, which some added tokens take with them.</summary>
    private static void PassSpace(ReadOnlySpan<byte> text, ref int at, ref int character)
    {
        while (Rune.DecodeFromUtf8(text[at..], out var rune, out var length) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            (at, character) = (at + length, character + rune.Utf16SequenceLength);
        }
    }

    /// <summary>Whether a token begins inside of a character's UTF-8.</summary>
    private static bool IsInside(ReadOnlySpan<byte> bytes) => bytes is [var first, ..] && (first & 0xC0) == 0x80;
}
