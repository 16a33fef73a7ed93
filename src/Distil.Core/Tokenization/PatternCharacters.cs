using System.Globalization;

namespace Distil.Core.Tokenization;

/// <summary>Characters and kinds of characters in a pattern, written for .NET.</summary>
internal sealed class PatternCharacters
{
    /// <summary>Oniguruma's <c>\w</c> outside of classes: as inside, and six numbers of Latin-1.</summary>
    public const string Word = $"{WordInClass}²³¹¼-¾";

    /// <summary>Oniguruma's <c>\w</c> inside a class: Unicode's Alphabetic, marks, decimal digits and connectors.</summary>
    private const string WordInClass = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}Ⓐ-ⓩ";

    private readonly List<(char First, char Last)> _explicit = [];

    /// <value>The characters that the pattern names one by one or by ranges: no stand-in may be one of them.</value>
    public IReadOnlyList<(char First, char Last)> Explicit => _explicit;

    /// <summary>A character or range inside a class.</summary>
    /// <param name="first">The first character.</param>
    /// <param name="last">The last.</param>
    /// <param name="ignoresCase">Whether both cases are meant.</param>
    public string Range(char first, char last, bool ignoresCase)
    {
        if (first > last)
        {
            throw new NotReproducedException($"has the range {first}-{last}");
        }

        Name(first, last);
        var range = first == last ? Escape(first) : $"{Escape(first)}-{Escape(last)}";
        return ignoresCase ? range + string.Concat(OtherCases(first, last)) : range;
    }

    /// <summary>A kind of characters, written for a class. Null if the letter names none.</summary>
    /// <param name="letter">The letter after the backslash.</param>
    /// <param name="inClass">Whether the pattern has it inside a class.</param>
    public string? Kind(char letter, bool inClass)
    {
        switch (letter)
        {
            case 's' or 'S' or 'd' or 'D':
                return $@"\{letter}"; // the same sets in both
            case 'w' when inClass:
                return WordInClass;
            case 'w':
                Name('²', '³');
                Name('¹', '¹');
                Name('¼', '¾');
                return Word;
            case 'h':
                Name('0', '9');
                Name('A', 'F');
                Name('a', 'f');
                return "0-9A-Fa-f";
            default:
                return null;
        }
    }

    /// <summary>A character outside of classes.</summary>
    public string Literal(char character, bool ignoresCase) =>
        ignoresCase && char.IsLetter(character) ? $"[{Range(character, character, ignoresCase)}]" : Plain(character);

    private string Plain(char character)
    {
        Name(character, character);
        return Escape(character);
    }

    private void Name(char first, char last) => _explicit.Add((first, last));

    // Unicode's case folding of ASCII letters: two of them have a third form.
    private IEnumerable<string> OtherCases(char first, char last)
    {
        if (last >= 0x80)
        {
            throw new NotReproducedException("ignores the case of characters outside ASCII");
        }

        for (var character = first; character <= last; character++)
        {
            foreach (var other in char.IsAsciiLetter(character) ? Forms(character) : "")
            {
                Name(other, other);
                yield return Escape(other);
            }
        }
    }

    private static string Forms(char letter) => $"{(char)(letter ^ 0x20)}" + (letter | 0x20) switch { 'k' => "\u212A", 's' => "ſ", _ => "" };

    private static string Escape(char character) => char.IsAsciiLetterOrDigit(character) || character == '_'
        ? character.ToString()
        : string.Create(CultureInfo.InvariantCulture, $@"\u{(int)character:X4}");
}
