using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Distil.Core.Tokenization;

/// <summary>Unicode normalisation form C (UAX #15).</summary>
/// <remarks>Implemented here because <see cref="string.Normalize()"/> changes nothing under InvariantGlobalization on Linux, and a bare machine has no
/// ICU.</remarks>
internal static class CanonicalComposition
{
    private const int HangulS = 0xAC00, HangulL = 0x1100, HangulV = 0x1161, HangulT = 0x11A7;
    private const int LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Dictionary<int, byte> Classes = [];
    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly FrozenSet<int> Unstable;

    static CanonicalComposition()
    {
        var unstable = new HashSet<int>();
        using var reader = new StreamReader(typeof(CanonicalComposition).Assembly.GetManifestResourceStream("Distil.Core.Tokenization.CanonicalData.txt")!);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (fields[0] == "#")
            {
                continue;
            }

            var code = Hex(fields[1]);
            if (fields[0] == "C")
            {
                Classes[code] = byte.Parse(fields[2], CultureInfo.InvariantCulture);
                unstable.Add(code);
                continue;
            }

            var pair = (Hex(fields[2]), fields.Length > 3 ? Hex(fields[3]) : -1);
            Decompositions[code] = pair;
            if (fields[0] == "D")
            {
                Compositions[pair] = code;
                unstable.Add(pair.Item2);
            }
            else
            {
                unstable.Add(code);
            }
        }

        unstable.UnionWith(Enumerable.Range(HangulV, VCount).Concat(Enumerable.Range(HangulT, TCount)));
        Unstable = unstable.ToFrozenSet();
    }

    /// <summary>Returns the text in form C; the same string if it already is in form C.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    internal static string Compose(string text)
    {
        if (IsComposed(text))
        {
            return text;
        }

        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, codes);
        }

        Reorder(codes);
        return Compose(codes);
    }

    private static bool IsComposed(string text)
    {
        // Below U+0300 no character combines and every character is composed.
        var first = text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF');
        if (first < 0)
        {
            return true;
        }

        foreach (var rune in text.AsSpan(first).EnumerateRunes())
        {
            if (rune.Value >= 0x300 && Unstable.Contains(rune.Value))
            {
                return false;
            }
        }

        return true;
    }

    private static void Decompose(int code, List<int> into)
    {
        if (code is >= HangulS and < HangulS + SCount)
        {
            var index = code - HangulS;
            into.Add(HangulL + index / (VCount * TCount));
            into.Add(HangulV + index % (VCount * TCount) / TCount);
            if (index % TCount != 0)
            {
                into.Add(HangulT + index % TCount);
            }
        }
        else if (Decompositions.TryGetValue(code, out var pair))
        {
            Decompose(pair.First, into);
            if (pair.Second >= 0)
            {
                into.Add(pair.Second);
            }
        }
        else
        {
            into.Add(code);
        }
    }

    /// <summary>Sorts each run of combining marks by class, stably.</summary>
    private static void Reorder(List<int> codes)
    {
        for (var start = 0; start < codes.Count; start++)
        {
            var end = start;
            while (end < codes.Count && Class(codes[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = codes.GetRange(start, end - start).OrderBy(Class).ToArray();
                sorted.CopyTo(CollectionsMarshal.AsSpan(codes)[start..end]);
            }

            start = end;
        }
    }

    private static string Compose(List<int> codes)
    {
        var composed = new List<int>(codes.Count);
        var starter = -1;
        foreach (var code in codes)
        {
            var rank = Class(code);
            var adjacent = starter >= 0 && starter == composed.Count - 1;
            // A mark combines with its starter only across marks of lower class.
            if (starter >= 0 && (adjacent || (Class(composed[^1]) is var last && last != 0 && last < rank)) && Pair(composed[starter], code) is { } whole)
            {
                composed[starter] = whole;
                continue;
            }

            composed.Add(code);
            if (rank == 0)
            {
                starter = composed.Count - 1;
            }
        }

        var text = new StringBuilder(composed.Count);
        foreach (var code in composed)
        {
            text.Append(new Rune(code).ToString());
        }

        return text.ToString();
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= HangulL and < HangulL + LCount && second is >= HangulV and < HangulV + VCount)
        {
            return HangulS + ((first - HangulL) * VCount + second - HangulV) * TCount;
        }

        if (first is >= HangulS and < HangulS + SCount && (first - HangulS) % TCount == 0 && second is > HangulT and < HangulT + TCount)
        {
            return first + second - HangulT;
        }

        return Compositions.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private static int Class(int code) => Classes.TryGetValue(code, out var rank) ? rank : 0;

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
