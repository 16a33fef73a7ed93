namespace Distil.Inference.Generation;

/// <summary>Turns tokens into text piece by piece and holds back tokens that end inside a UTF-8 character.</summary>
/// <param name="decode">Decodes with a byte-level tokenizer: an incomplete character becomes U+FFFD.</param>
public sealed class TextStream(Func<ReadOnlySpan<int>, string> decode)
{
    // A character has at most four bytes, and a token at least one: after four tokens a U+FFFD at the end is the text's own.
    private const int LongestCharacter = 4;

    private readonly List<int> _held = [];

    /// <summary>Adds a token and returns the text that is now certain, often no or several characters.</summary>
    public string Add(int token)
    {
        _held.Add(token);
        var text = decode([.. _held]);
        return text.EndsWith('\uFFFD') && _held.Count < LongestCharacter ? "" : Take(text);
    }

    /// <summary>Returns the text that is still held back, at the end of the text.</summary>
    public string Flush() => _held.Count == 0 ? "" : Take(decode([.. _held]));

    private string Take(string text)
    {
        _held.Clear();
        return text;
    }
}
