namespace Distil.Core.Tokenization;

/// <summary>Numbers of repetitions in Oniguruma's syntax for Ruby: greedy, lazy (<c>?</c>) and possessive (<c>+</c>).</summary>
internal static class PatternQuantifier
{
    /// <summary>Returns a part of a pattern with the quantifier that follows it, if any.</summary>
    /// <param name="text">The pattern, after that part.</param>
    /// <param name="atom">The part's translation, and whether it may be repeated.</param>
    public static string Apply(PatternText text, (string Text, bool Repeats) atom)
    {
        if (text.Next is not ('*' or '+' or '?' or '{') || text.Ends)
        {
            return atom.Text;
        }

        if (!atom.Repeats)
        {
            throw new NotReproducedException($"repeats {atom.Text}, which has no length");
        }

        var isInterval = text.Next == '{';
        var quantifier = isInterval ? Interval(text) : text.Take().ToString();
        var repeated = atom.Text + quantifier;
        if (text.TryTake("?"))
        {
            repeated = isInterval && !quantifier.Contains(',') ? throw new NotReproducedException($"has {quantifier}?") : repeated + "?";
        }
        else if (text.TryTake("+"))
        {
            repeated = isInterval ? $"(?:{repeated})+" : $"(?>{repeated})"; // after an interval, it repeats the interval
        }

        return text.Next is '*' or '+' or '?' or '{' && !text.Ends ? throw new NotReproducedException($"repeats {repeated} again") : repeated;
    }

    private static string Interval(PatternText text)
    {
        text.Take();
        var least = text.TakeNumber();
        var (hasComma, most) = text.TryTake(",") ? (true, text.TakeNumber()) : (false, null);
        return !text.TryTake("}") || (least is null && most is null) || least > most
            ? throw new NotReproducedException("has { that begins no number of repetitions")
            : $"{{{least ?? 0}{(hasComma ? "," : "")}{most}}}";
    }
}
