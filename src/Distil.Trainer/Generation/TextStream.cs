namespace Distil.Trainer.Generation;

/// <summary>Turns tokens into text piece by piece, holding back tokens that end inside a UTF-8 character.</summary>
/// <param name="decode">A byte-level tokenizer's decoding: an unfinished character becomes U+FFFD.</param>
public sealed class TextStream(Func<ReadOnlySpan<int>, string> decode)
{
    // A character has at most four bytes, and a token at least one: after four tokens a U+FFFD at the end is the text's own.
    private const int LongestCharacter = 4;

    private readonly List<int> _held = [];

    /// <summary>Takes a token; returns the text that is certain now, often none or several characters.</summary>
    public string Add(int token)
    {
        _held.Add(token);
        var text = decode([.. _held]);
        return text.EndsWith('\uFFFD') && _held.Count < LongestCharacter ? "" : Take(text);
    }

    /// <summary>What was still held back, at the end of the text.</summary>
    public string Flush() => _held.Count == 0 ? "" : Take(decode([.. _held]));

    private string Take(string text)
    {
        _held.Clear();
        return text;
    }
}
