using System.Globalization;

namespace Distil.Core.Tokenization;

/// <summary>A pattern that is read from left to right.</summary>
/// <param name="text">The pattern.</param>
internal sealed class PatternText(string text)
{
    private int _at;

    /// <value>Whether nothing is left.</value>
    public bool Ends => _at == text.Length;

    /// <value>The next character; U+0000 at the end.</value>
    public char Next => Ends ? '\0' : text[_at];

    /// <summary>Reads a character.</summary>
    /// <exception cref="NotReproducedException">Nothing is left.</exception>
    public char Take() => Ends ? throw new NotReproducedException("is cut off") : text[_at++];

    /// <summary>Reads a word if it comes next.</summary>
    public bool TryTake(string word)
    {
        if (string.CompareOrdinal(text, _at, word, 0, word.Length) != 0)
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    /// <summary>Whether a word comes next.</summary>
    public bool Comes(string word) => string.CompareOrdinal(text, _at, word, 0, word.Length) == 0;

    /// <summary>Reads up to a character, which is read too and not returned.</summary>
    public string TakeUntil(char end)
    {
        var start = _at;
        while (Take() != end)
        {
        }

        return text[start..(_at - 1)];
    }

    /// <summary>Reads decimal digits; null if none come next.</summary>
    public int? TakeNumber()
    {
        var start = _at;
        while (char.IsAsciiDigit(Next))
        {
            _at++;
        }

        return int.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Reads hexadecimal digits.</summary>
    /// <param name="digits">Their number.</param>
    public int TakeHexadecimal(int digits)
    {
        var start = _at;
        _at = Math.Min(text.Length, _at + digits);
        return Hexadecimal(text[start.._at], digits);
    }

    /// <summary>The value of hexadecimal digits.</summary>
    /// <exception cref="NotReproducedException">They are not such digits, or fewer than <paramref name="least"/>.</exception>
    public static int Hexadecimal(string digits, int least = 1) =>
        digits.Length >= least && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new NotReproducedException($"has {digits} in place of hexadecimal digits");
}
