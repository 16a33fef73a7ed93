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
        var (last, range, above, end) = (WeightHistogram.RangeOf(least), 0, new TokenCut(-1, 0, 0, 0), (Range: 0, Above: new TokenCut(-1, 0, 0, 0)));
        for (; range < last; range++)
        {
            var (inside, sum) = _histogram[range];
            if (inside == 0)
            {
                continue;
            }

            end = (range, above);
            if (above.Count + inside >= count || above.Mass + sum >= mass)
            {
                break;
            }

            above = above with { Count = above.Count + inside, Mass = above.Mass + sum };
        }

        var found = Collect(range, least);
        return found > 0 ? TakeFrom(found, above, count, mass) : TakeFrom(Collect(end.Range, least), end.Above, count, mass);
    }

    private int Collect(int range, float least)
    {
        var inside = _histogram[range].Count;
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

        if (found <= Few)
        {
            Array.Sort(_keys, 0, found);
        } // else all have the same weight, and are in the order of their ids

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

        var (at, before) = (0, above);
        for (var digit = 0; digit < _digits.Length; digit++)
        {
            var (inside, sum) = _digits[digit];
            if (inside == 0)
            {
                continue;
            }

            (at, above) = (digit, before);
            if (before.Count + inside >= count || before.Mass + sum >= mass)
            {
                break;
            }

            before = before with { Count = before.Count + inside, Mass = before.Mass + sum };
        }

        var kept = 0;
        for (var i = 0; i < found; i++)
        {
            if (Digit(_keys[i]) == at)
            {
                _keys[kept++] = _keys[i];
            }
        }

        return (kept, above);
    }
}

/// <summary>The heaviest tokens up to and including one.</summary>
/// <param name="Token">The last of them.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Mass">The sum of their weights.</param>
internal readonly record struct TokenCut(int Token, float Weight, long Count, double Mass);
