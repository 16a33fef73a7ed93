namespace Distil.Inference.Answers;

/// <summary>Ends a streamed text before the first of some stop texts, and holds back what may be the beginning of one.</summary>
internal sealed class StopTexts(IReadOnlyList<string> stops)
{
    private string _held = "";

    /// <value>Whether a stop text was found.</value>
    internal bool Found { get; private set; }

    /// <summary>Adds a piece and returns the text that is now certain.</summary>
    internal string Add(string piece)
    {
        _held += piece;
        var end = stops.Select(stop => _held.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (end >= 0)
        {
            Found = true;
            return Take(end, "");
        }

        var certain = _held.Length - stops.Select(BeginningAtEnd).DefaultIfEmpty(0).Max();
        return Take(certain, _held[certain..]);
    }

    /// <summary>Returns what is still held back, at the end of the text.</summary>
    internal string Flush() => Take(_held.Length, "");

    // The longest end of the text that a stop text begins with.
    private int BeginningAtEnd(string stop)
    {
        for (var length = Math.Min(stop.Length - 1, _held.Length); length > 0; length--)
        {
            if (_held.AsSpan(_held.Length - length).SequenceEqual(stop.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }

    private string Take(int length, string held)
    {
        var text = _held[..length];
        _held = held;
        return text;
    }
}
