using System.Text;
using System.Text.RegularExpressions;

namespace Distil.Core.Tokenization;

/// <summary>A regular expression in the syntax of Oniguruma for Ruby, which Hugging Face's tokenizers use, translated to .NET's.</summary>
/// <remarks>What is accepted matches the same text in both. Everything else is refused by name: .NET would accept much of it with another meaning.</remarks>
public sealed class OnigurumaPattern
{
    /// <summary>Pairs of letters that a single character equals if case is ignored: ß, ﬀ, ﬁ, ﬂ, ﬅ.</summary>
    private static readonly string[] Folded = ["ss", "st", "ff", "fi", "fl"];

    private readonly PatternText _text;
    private readonly PatternCharacters _characters = new();

    private OnigurumaPattern(string pattern) => _text = new PatternText(pattern);

    /// <summary>Translates a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <returns>The pattern for .NET, and the characters that it names: no stand-in for another character may be one of them.</returns>
    /// <exception cref="ArgumentException">The pattern is not one that matches the same in both; the message is the rest of a sentence about it.</exception>
    public static (string Pattern, IReadOnlyList<(char First, char Last)> Explicit) Translate(string pattern)
    {
        var reader = new OnigurumaPattern(pattern);
        try
        {
            var translated = reader.Alternatives(new Options(false, false, false));
            if (!reader._text.Ends)
            {
                throw new NotReproducedException("has a ) without (");
            }

            _ = new Regex(translated, RegexOptions.CultureInvariant);
            return (translated, reader._characters.Explicit);
        }
        catch (NotReproducedException reason)
        {
            throw new ArgumentException(reason.Message, reason);
        }
    }

    private string Alternatives(Options options)
    {
        var alternatives = new List<string>();
        do
        {
            alternatives.Add(Sequence(options));
        }
        while (_text.TryTake("|"));
        return string.Join('|', alternatives);
    }

    private string Sequence(Options options)
    {
        var (sequence, letter) = (new StringBuilder(), '\0');
        while (!_text.Ends && _text.Next is not ('|' or ')'))
        {
            var next = _text.Next;
            if (options.IgnoresCase && Folded.Contains($"{letter}{next}".ToLowerInvariant()))
            {
                throw new NotReproducedException($"ignores the case of {letter}{next}, which one character can equal");
            }

            letter = next;
            sequence.Append(PatternQuantifier.Apply(_text, Atom(options)));
        }

        return sequence.ToString();
    }

    /// <summary>Reads one part of a sequence.</summary>
    /// <returns>Its translation, and whether it is one that may be repeated.</returns>
    private (string Text, bool Repeats) Atom(Options options)
    {
        var next = _text.Take();
        return next switch
        {
            '(' => Group(options),
            '[' => (PatternClass.Translate(_text, _characters, options.IgnoresCase), true),
            '\\' => Escape(options),
            '.' => (options.DotIsAll ? @"[\s\S]" : @"[^\n]", true),
            '^' => (@"(?:\A|(?<=\n)(?!\z))", false), // the start of every line
            '$' => (@"(?:(?=\n)|(?<!\n)\z)", false), // the end of every line
            '*' or '+' or '?' => throw new NotReproducedException($"has {next} after nothing that can be repeated"),
            '{' => throw new NotReproducedException("has { that begins no number of repetitions"),
            _ when char.IsSurrogate(next) => throw new NotReproducedException("has characters outside the basic plane"),
            _ => (_characters.Literal(next, options.IgnoresCase), true),
        };
    }

    private (string Text, bool Repeats) Escape(Options options)
    {
        const string Word = $"[{PatternCharacters.Word}]";
        var letter = _text.Take();
        switch (letter)
        {
            case 'A' or 'z' or 'Z':
                return ($@"\{letter}", false);
            case 'b' or 'B':
                _characters.Kind('w', inClass: false);
                return (letter == 'b' ? $"(?:(?<={Word})(?!{Word})|(?<!{Word})(?={Word}))" : $"(?:(?<={Word})(?={Word})|(?<!{Word})(?!{Word}))", false);
            case 'p' or 'P' when options.IgnoresCase:
                throw new NotReproducedException("ignores the case of kinds of characters");
            case 'p' or 'P':
                return (PatternEscapes.Category(_text, negated: letter == 'P'), true);
            case 'W' or 'H':
                return ($"[^{_characters.Kind(char.ToLowerInvariant(letter), inClass: false)}]", true);
            case 'R' when options.LooksBehind: // Oniguruma finds only \r\n there
                throw new NotReproducedException(@"has \R in a look-behind");
            case 'R':
                return (@"(?>\r\n|[\n-\r\u0085\u2028\u2029])", true);
        }

        return _characters.Kind(letter, inClass: false) is { } kind ? ($"[{kind}]", true)
            : PatternEscapes.Escaped(letter, _text) is { } character ? (_characters.Literal(character, options.IgnoresCase), true)
            : throw new NotReproducedException($@"has \{letter}");
    }

    private (string Text, bool Repeats) Group(Options options)
    {
        foreach (var look in (string[])["?=", "?!", "?<=", "?<!"])
        {
            if (_text.TryTake(look))
            {
                return (Closed($"({look}", options with { LooksBehind = look[1] == '<' }), false);
            }
        }

        if (_text.TryTake("?>"))
        {
            return (Closed("(?>", options), true);
        }

        if (_text.TryTake("?<"))
        {
            _text.TakeUntil('>'); // a name: without references to it, the group is like any other
            return (Closed("(?:", options), true);
        }

        return !_text.TryTake("?") || _text.TryTake(":") ? (Closed("(?:", options), true) : WithOptions(options);
    }

    private (string Text, bool Repeats) WithOptions(Options options)
    {
        for (var on = true; ;)
        {
            switch (_text.Take())
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    options = options with { IgnoresCase = on };
                    break;
                case 'm': // in Ruby's syntax: a dot matches every character
                    options = options with { DotIsAll = on };
                    break;
                case ':':
                    return (Closed("(?:", options), true);
                case ')': // the rest of the group around it, alternatives included
                    return ($"(?:{Alternatives(options)})", false);
                case var other:
                    throw new NotReproducedException($"has (?{other}");
            }
        }
    }

    private string Closed(string opening, Options options)
    {
        var inner = Alternatives(options);
        return _text.TryTake(")") ? $"{opening}{inner})" : throw new NotReproducedException("has a ( without )");
    }

    private sealed record Options(bool IgnoresCase, bool DotIsAll, bool LooksBehind);
}
