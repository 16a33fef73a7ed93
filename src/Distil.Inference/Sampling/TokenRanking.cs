using Distil.Inference.Numerics;

namespace Distil.Inference.Sampling;

/// <summary>Ranks tokens by weight, the heaviest first and equal ones by id, without sorting the vocabulary.</summary>
/// <remarks>
/// Tokens are counted by the range of their weight once. The range of a place in the ranking follows from the counts and the sums; only its tokens are then ranked:
/// sorted if they are few, else divided by the next bits of their weights first.
/// </remarks>
internal sealed class TokenRanking
{
    private const int Few = 512;
    private const int DigitBits = 10;

    private readonly WeightHistogram _histogram = new();
    private readonly (long Count, double Mass)[] _digits = new (long, double)[1 << DigitBits];
    private ulong[] _keys = new ulong[Few];
    private float[] _weights = [];

    /// <value>Sum of all weights.</value>
    internal double Total { get; private set; }

    /// <summary>Takes the weights exp((logit − max) / T) of a vocabulary.</summary>
    internal void Rank(ReadOnlySpan<float> logits, float max, float inverseTemperature)
    {
        var padded = VectorMath.Padded(logits.Length);
        _weights = _weights.Length == padded ? _weights : new float[padded];
        Total = LogitScan.Exponentials(logits, max, inverseTemperature, _weights);
        _histogram.Clear();
    }

    /// <summary>The smallest set of heaviest tokens that reaches a count or a mass; at least one token.</summary>
    /// <param name="count">So many tokens are enough.</param>
    /// <param name="mass">This sum of weights is enough.</param>
    /// <param name="least">Tokens below this weight, which is at most 1, are not ranked.</param>
    internal TokenCut Take(long count, double mass, float least)
    {
        least = MathF.Max(least, LogitScan.LeastWeight);
        if (least < _histogram.Least)
        {
            _histogram.Count(_weights, least);
        }

        // The last range may contain tokens that are not ranked: its count is not used.
        var last = WeightHistogram.RangeOf(least);
        var place = Find(_histogram.Totals[..last], new TokenCut(-1, 0, 0, 0), count, mass);
        var found = place.IsReached ? 0 : Collect(last, least);
        return found > 0 ? TakeFrom(found, place.With, count, mass) : TakeFrom(Collect(place.At, least), place.Above, count, mass);
    }

    /// <summary>Finds the part at which a count or a mass is reached, or the last one with tokens.</summary>
    /// <param name="parts">Tokens and their mass, the heaviest first.</param>
    /// <param name="above">Those before all parts.</param>
    /// <param name="count">The count.</param>
    /// <param name="mass">The mass.</param>
    private static Place Find(ReadOnlySpan<(long Count, double Mass)> parts, TokenCut above, long count, double mass)
    {
        var place = new Place(0, above, above, IsReached: false);
        for (var at = 0; at < parts.Length && !place.IsReached; at++)
        {
            if (parts[at] is not (> 0 and var inside, var sum))
            {
                continue;
            }

            var with = place.With with { Count = place.With.Count + inside, Mass = place.With.Mass + sum };
            place = new(at, place.With, with, with.Count >= count || with.Mass >= mass);
        }

        return place;
    }

    private int Collect(int range, float least)
    {
        var inside = _histogram.Totals[range].Count;
        if (_keys.Length < inside)
        {
            _keys = new ulong[Math.Max(inside, 2 * _keys.Length)];
        }

        var (low, high) = WeightHistogram.Bits(range);
        return inside == 0 ? 0 : LogitScan.Collect(_weights, Math.Max(low, BitConverter.SingleToUInt32Bits(least)), high, _keys);
    }

    /// <summary>Ranks the keys that were found, of tokens lighter than those of a cut.</summary>
    private TokenCut TakeFrom(int found, TokenCut above, long count, double mass)
    {
        for (var shift = LogitScan.KeyShift + DigitBits; found > Few && shift >= LogitScan.KeyShift; shift -= DigitBits)
        {
            (found, above) = Narrow(found, above, count, mass, shift);
        }

        // More than a few have the same weight: they are in the order of their ids.
        if (found <= Few)
        {
            Array.Sort(_keys, 0, found);
        }

        var cut = above;
        for (var i = 0; i < found && (i == 0 || (cut.Count < count && cut.Mass < mass)); i++)
        {
            var token = (int)(uint)_keys[i];
            cut = new(token, _weights[token], cut.Count + 1, cut.Mass + _weights[token]);
        }

        return cut;
    }

    /// <summary>Keeps the keys with the digit at which the count or the mass is reached, or with the last one, in their order.</summary>
    private (int Found, TokenCut Above) Narrow(int found, TokenCut above, long count, double mass, int shift)
    {
        Array.Clear(_digits);
        int Digit(ulong key) => (int)(key >> shift) & ((1 << DigitBits) - 1);
        for (var i = 0; i < found; i++)
        {
            ref var digit = ref _digits[Digit(_keys[i])];
            digit = (digit.Count + 1, digit.Mass + _weights[(uint)_keys[i]]);
        }

        var place = Find(_digits, above, count, mass);
        var kept = 0;
        for (var i = 0; i < found; i++)
        {
            if (Digit(_keys[i]) == place.At)
            {
                _keys[kept++] = _keys[i];
            }
        }

        return (kept, place.Above);
    }

    /// <summary>A part of the ranking.</summary>
    /// <param name="At">Its number.</param>
    /// <param name="Above">Count and mass of the parts before it.</param>
    /// <param name="With">The same, with it.</param>
    /// <param name="IsReached">Whether the count or the mass is reached in it.</param>
    private readonly record struct Place(int At, TokenCut Above, TokenCut With, bool IsReached);
}

/// <summary>The heaviest tokens up to and including one.</summary>
/// <param name="Token">The last of them.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Mass">The sum of their weights.</param>
internal readonly record struct TokenCut(int Token, float Weight, long Count, double Mass);
