namespace Distil.Core.Tokenization;

/// <summary>What a backslash introduces in a pattern: general categories and single characters.</summary>
internal static class PatternEscapes
{
    private static readonly string[] Categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "Cc", "Cf", "Co",
    ];

    /// <summary>A general category, by what follows <c>\p</c> or <c>\P</c>.</summary>
    public static string Category(PatternText text, bool negated)
    {
        if (!text.TryTake("{"))
        {
            throw new NotReproducedException(@"has \p without braces");
        }

        negated ^= text.TryTake("^");
        var name = text.TakeUntil('}');
        return Categories.Contains(name)
            ? $@"\{(negated ? 'P' : 'p')}{{{name}}}"
            : throw new NotReproducedException($"has the property {name}; only general categories ({string.Join(", ", Categories)}) are supported");
    }

    /// <summary>A character that a backslash introduces, after its letter. Null if the letter introduces none.</summary>
    public static char? Escaped(char letter, PatternText text)
    {
        var code = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => '\e',
            'x' when text.TryTake("{") => PatternText.Hexadecimal(text.TakeUntil('}')),
            'x' => Byte(text.TakeHexadecimal(2)),
            'u' => text.TakeHexadecimal(4),
            _ when char.IsAsciiLetterOrDigit(letter) => -1,
            _ => letter,
        };
        return code < 0 ? null
            : code > char.MaxValue || char.IsSurrogate((char)code) ? throw new NotReproducedException("has characters outside the basic plane")
            : (char)code;
    }

    // A byte of UTF-8: above ASCII, a part of a character.
    private static int Byte(int value) => value < 0x80 ? value : throw new NotReproducedException($@"has the byte \x{value:X2}");
}
