using System.Text;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Random patterns in Oniguruma's syntax, and texts in which they have something to find.</summary>
internal sealed class RandomPattern(int seed)
{
    private static readonly string[] Characters =
        ["a", "b", "A", "k", "K", "s", "S", "1", "_", "-", "!", "'", " ", "é", "中", "\u212A", "ſ", "²", "Ⓐ", "ª", @"\n", @"\.", @"\x41", @"\u4e2d", @"\x{61}"];

    private static readonly string[] Kinds =
        [@"\s", @"\S", @"\d", @"\D", @"\w", @"\W", @"\h", @"\H", @"\p{L}", @"\p{Lu}", @"\P{N}", @"\p{^P}", @"\p{M}", @"\p{So}", @"\p{Lo}", @"\p{N}"];

    private static readonly string[] Quantifiers = ["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "*?", "+?", "??", "{1,2}?", "*+", "++", "?+", "{2}+"];

    private static readonly string[] Pieces =
    [
        "a", "b", "A", "k", "K", "s", "S", "1", "_", "-", "!", "'", " ", "é", "中", "\u212A", "ſ", "²", "Ⓐ", "ª", "\n", ".", "\r", "\u00a0", "e\u0301", "\u200d", "٣",
        "😀", "𝒜", "𠀀", "🄰", "𝟘", "𞤀", "\U000F0000", "\u3000", "\U00010D40",
    ];

    private readonly Random _random = new(seed);

    public string Text() => string.Concat(Enumerable.Range(0, _random.Next(1, 14)).Select(_ => Pick(Pieces)));

    public string Pattern(int depth = 3)
    {
        var alternatives = Enumerable.Range(0, _random.Next(4) == 0 ? 2 : 1).Select(_ => Sequence(depth));
        return string.Join('|', alternatives);
    }

    private string Sequence(int depth) => string.Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Part(depth)));

    private string Part(int depth)
    {
        var (text, repeats) = _random.Next(depth > 0 ? 12 : 7) switch
        {
            0 or 1 or 2 => (Pick(Characters), true),
            3 => (Pick(Kinds), true),
            4 or 5 => (Class(2), true),
            6 => (Pick(["^", "$", @"\A", @"\z", @"\Z", @"\b", @"\B", ".", @"\R"]), false),
            7 => ($"(?:{Pattern(depth - 1)})", true),
            8 => ($"({Pick(["?=", "?!", "?<=", "?<!"])}{(_random.Next(2) == 0 ? Part(0) : Pattern(depth - 1))})", false),
            9 => ($"(?i:{Pattern(depth - 1)})", true),
            10 => ($"{Pick(["(?>", "(?m:", "(?<n>", "("])}{Pattern(depth - 1)})", true),
            _ => (Pick(["(?i)", "(?m)", ""]) + Part(0), false),
        };
        return repeats && _random.Next(3) == 0 ? text + Pick(Quantifiers) : text;
    }

    private string Class(int depth)
    {
        var inside = new StringBuilder(_random.Next(4) == 0 ? "[^" : "[");
        for (var items = _random.Next(1, 4); items > 0; items--)
        {
            inside.Append(_random.Next(depth > 0 ? 6 : 4) switch
            {
                0 or 1 => Pick(Characters.Where(each => each != "-").ToArray()),
                2 => Pick(Kinds),
                3 => Pick(["a-k", "A-Z", "0-9", "一-龥", "À-ÿ", @"\x20-\x2f"]),
                4 => Class(depth - 1),
                _ => $"a-z&&{Class(depth - 1)}",
            });
        }

        return inside.Append(']').ToString();
    }

    private string Pick(IReadOnlyList<string> from) => from[_random.Next(from.Count)];
}
