using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>A class of characters in Oniguruma's syntax: ranges, kinds, nested classes (their union) and <c>&amp;&amp;</c> (the intersection).</summary>
internal sealed class PatternClass
{
    private readonly PatternText _text;
    private readonly PatternCharacters _characters;
    private readonly bool _ignoresCase, _negated;
    private readonly StringBuilder _simple = new();
    private readonly List<string> _others = [];

    private PatternClass(PatternText text, PatternCharacters characters, bool ignoresCase)
    {
        (_text, _characters, _ignoresCase) = (text, characters, ignoresCase);
        _negated = text.TryTake("^");
        if (text.Comes("]"))
        {
            throw new NotReproducedException("has a class that is empty or begins with ]");
        }

        while (!text.TryTake("]"))
        {
            if (text.TryTake("&&"))
            {
                Intersect();
                return;
            }

            ReadItem();
        }
    }

    /// <summary>Translates a class whose opening bracket has been read.</summary>
    /// <returns>An expression for one character.</returns>
    public static string Translate(PatternText text, PatternCharacters characters, bool ignoresCase) =>
        new PatternClass(text, characters, ignoresCase).ToString();

    /// <inheritdoc />
    public override string ToString()
    {
        if (_others.Count == 0)
        {
            return $"[{(_negated ? "^" : "")}{_simple}]";
        }

        var union = $"(?:{string.Join('|', _simple.Length > 0 ? [$"[{_simple}]", .. _others] : _others)})";
        return _negated ? $@"(?:(?!{union})[\s\S])" : union;
    }

    private void ReadItem()
    {
        if (_text.Comes("[:"))
        {
            throw new NotReproducedException("has a POSIX bracket [:…:]");
        }

        if (_text.TryTake("["))
        {
            Add(new PatternClass(_text, _characters, _ignoresCase));
        }
        else if (ReadCharacter() is { } first)
        {
            ReadRange(first);
        }
    }

    /// <summary>Reads one character; null if it is a kind of characters, which is added.</summary>
    private char? ReadCharacter()
    {
        var next = _text.Take();
        if (char.IsSurrogate(next))
        {
            throw new NotReproducedException("has characters outside the basic plane");
        }

        if (next != '\\')
        {
            return next;
        }

        var letter = _text.Take();
        if (letter is 'p' or 'P')
        {
            AddKind(PatternEscapes.Category(_text, negated: letter == 'P'));
        }
        else if (_characters.Kind(letter, inClass: true) is { } kind)
        {
            AddKind(kind);
        }
        else if (letter is 'W' or 'H')
        {
            AddKind("");
            _others.Add($"[^{_characters.Kind(char.ToLowerInvariant(letter), inClass: true)}]");
        }
        else
        {
            return letter == 'b' ? throw new NotReproducedException(@"has \b in a class")
                : PatternEscapes.Escaped(letter, _text) ?? throw new NotReproducedException($@"has \{letter} in a class");
        }

        if (_text.Comes("-") && !_text.Comes("-]"))
        {
            throw new NotReproducedException("has a range that begins with a kind of characters");
        }

        return null;
    }

    private void AddKind(string kind)
    {
        _ = _ignoresCase ? throw new NotReproducedException("ignores the case of kinds of characters") : _simple.Append(kind);
    }

    private void ReadRange(char first)
    {
        if (!_text.Comes("-") || _text.Comes("-]"))
        {
            _simple.Append(_characters.Range(first, first, _ignoresCase));
            return;
        }

        _text.Take();
        if (first == '-' || _text.Comes("[") || _text.Comes("&&") || ReadCharacter() is not { } last)
        {
            throw new NotReproducedException("has a range that does not end with a character");
        }

        _simple.Append(_characters.Range(first, last, _ignoresCase));
    }

    private void Add(PatternClass inner)
    {
        if (inner._negated || inner._others.Count > 0)
        {
            _others.Add(inner.ToString());
        }
        else
        {
            _simple.Append(inner._simple);
        }
    }

    // What was read so far and the rest of the class, up to its end.
    private void Intersect()
    {
        if (_simple.Length == 0 && _others.Count == 0)
        {
            throw new NotReproducedException("has && without a class before it");
        }

        var left = _others.Count == 0 ? $"[{_simple}]" : $"(?:{string.Join('|', _simple.Length > 0 ? [$"[{_simple}]", .. _others] : _others)})";
        _simple.Clear();
        _others.Clear();
        _others.Add($"(?:(?={left}){Rest()})");
    }

    private string Rest() => _text.Comes("^")
        ? throw new NotReproducedException("has ^ after &&")
        : new PatternClass(_text, _characters, _ignoresCase).ToString();
}
