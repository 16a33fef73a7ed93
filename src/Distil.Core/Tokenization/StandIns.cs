using System.Globalization;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>.NET matches UTF-16 code units, so <c>\p{L}</c> misses every letter outside the basic plane. For the patterns, each code point outside it is
/// therefore replaced by one character of the same general category.</summary>
public sealed class StandIns
{
    private const char FirstLetter = 'Ⓐ', LastLetter = 'ⓩ';

    /// <summary>Ranges of letters outside the basic plane whose category is that of symbols; <c>\w</c> matches them.</summary>
    private static readonly (int First, int Last)[] LettersAmongSymbols = [(0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];

    private readonly char[] _byCategory = new char[Enum.GetValues<UnicodeCategory>().Length];
    private readonly char _letterAmongSymbols;

    private StandIns(IReadOnlyList<(char First, char Last)> named)
    {
        for (var code = 0x80; code <= char.MaxValue; code++)
        {
            var character = (char)code;
            ref var standIn = ref character is >= FirstLetter and <= LastLetter
                ? ref _letterAmongSymbols
                : ref _byCategory[(int)char.GetUnicodeCategory(character)];
            if (standIn == '\0' && !named.Any(range => range.First <= character && character <= range.Last))
            {
                standIn = character;
            }
        }

        _letterAmongSymbols = _letterAmongSymbols == '\0' ? FirstLetter : _letterAmongSymbols;
    }

    /// <summary>Chooses them so that no pattern names one of them: for each category, the first character above ASCII.</summary>
    /// <exception cref="ArgumentException">The patterns name every character of a category that characters outside the basic plane have.</exception>
    public static StandIns Of(IEnumerable<SplitStep> steps)
    {
        var standIns = new StandIns([.. steps.SelectMany(step => step.Explicit)]);
        foreach (var category in Enum.GetValues<UnicodeCategory>())
        {
            // These three categories have no character outside the basic plane.
            if (category is not (UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control)
                && category is not (UnicodeCategory.Surrogate or UnicodeCategory.SpaceSeparator) && standIns._byCategory[(int)category] == '\0')
            {
                throw new ArgumentException(
                    $"names every character of the category {category}, so that none is left to stand for those outside the basic plane");
            }
        }

        return standIns;
    }

    /// <summary>The character that stands for one outside the basic plane.</summary>
    public char For(Rune rune) =>
        Array.Exists(LettersAmongSymbols, range => rune.Value >= range.First && rune.Value <= range.Last)
            ? _letterAmongSymbols
            : _byCategory[(int)Rune.GetUnicodeCategory(rune)];
}
