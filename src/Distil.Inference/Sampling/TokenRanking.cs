using Distil.Inference.Numerics;

namespace Distil.Inference.Sampling;

/// <summary>Ranks tokens by weight, the heaviest first and equal ones by id, without sorting the vocabulary.</summary>
/// <remarks>
/// A place in the ranking is found by narrowing the range of its weight, to an eighth in each pass over the vocabulary, until few tokens are left to sort.
/// Floats that are not negative are ordered as their bits are, so a range is divided by its bits. Rounded sums, which are faster, guide the search; exact ones then
/// say whether it was right, and otherwise it is repeated with them.
/// </remarks>
internal sealed class TokenRanking
{
    private const int Parts = 8;
    private const int Few = 512;

    private readonly ulong[] _few = new ulong[Few];
    private readonly float[] _thresholds = new float[Parts];
    private readonly long[] _counts = new long[Parts];
    private readonly double[] _masses = new double[Parts];
    private float[] _weights = [];
    private int _length;

    /// <value>Sum of all weights.</value>
    internal double Total { get; private set; }

    /// <summary>Takes the weights exp((logit − max) / T) of a vocabulary.</summary>
    internal void Rank(ReadOnlySpan<float> logits, float max, float inverseTemperature)
    {
        var padded = VectorMath.Padded(logits.Length);
        _weights = _weights.Length == padded ? _weights : new float[padded];
        _length = logits.Length;
        Total = LogitScan.Exponentials(logits, max, inverseTemperature, _weights);
    }

    /// <summary>The smallest set of heaviest tokens that reaches a count or a mass; at least one token.</summary>
    /// <param name="count">So many tokens are enough.</param>
    /// <param name="mass">This sum of weights is enough.</param>
    /// <param name="least">Tokens below this weight, which is at most 1, are not ranked.</param>
    internal TokenCut Take(long count, double mass, float least)
    {
        var lowest = BitConverter.SingleToUInt32Bits(MathF.Max(least, LogitScan.LeastWeight));
        var range = Narrow(lowest, count, mass, exactly: false);
        LogitScan.Measure(_weights, [Weight(range.Low), Weight(range.High + 1)], _counts, _masses, exactly: true);
        bool Reached(int part) => _counts[part] > 0 && (_counts[part] >= count || _masses[part] >= mass);
        range = (range.Low == lowest || Reached(0)) && !Reached(1)
            ? range with { Above = _counts[1], MassAbove = _masses[1] }
            : Narrow(lowest, count, mass, exactly: true);
        return range.Low == range.High ? TakeEqual(range, count, mass) : TakeFew(range, count, mass);
    }

    private Range Narrow(uint lowest, long count, double mass, bool exactly)
    {
        var range = new Range(lowest, BitConverter.SingleToUInt32Bits(1), 0, 0);
        for (var inside = long.MaxValue; inside > Few && range.Low < range.High;)
        {
            var step = Math.Max(1, (range.High - range.Low + 1) / Parts);
            for (var part = 0; part < Parts; part++)
            {
                _thresholds[part] = Weight(Math.Min(range.High, range.Low + (uint)part * step));
            }

            LogitScan.Measure(_weights, _thresholds, _counts, _masses, exactly);
            count = Math.Min(count, _counts[0]);
            var enough = Parts - 1;
            while (enough > 0 && _counts[enough] < count && _masses[enough] < mass)
            {
                enough--;
            }

            range = enough == Parts - 1
                ? range with { Low = Bits(enough) }
                : new(Bits(enough), Bits(enough + 1) - 1, _counts[enough + 1], _masses[enough + 1]);
            inside = _counts[enough] - range.Above;
        }

        return range;
    }

    private uint Bits(int part) => BitConverter.SingleToUInt32Bits(_thresholds[part]);

    private static float Weight(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    private TokenCut TakeFew(Range range, long count, double mass)
    {
        var found = LogitScan.Collect(_weights, range.Low, range.High, _few);
        Array.Sort(_few, 0, found);
        var cut = new TokenCut(-1, 0, range.Above, range.MassAbove);
        for (var i = 0; i < found && (i == 0 || (cut.Count < count && cut.Mass < mass)); i++)
        {
            var token = (int)(uint)_few[i];
            cut = new(token, _weights[token], cut.Count + 1, cut.Mass + _weights[token]);
        }

        return cut;
    }

    private TokenCut TakeEqual(Range range, long count, double mass)
    {
        var weight = Weight(range.Low);
        var cut = new TokenCut(-1, weight, range.Above, range.MassAbove);
        for (var token = 0; token < _length && (cut.Token < 0 || (cut.Count < count && cut.Mass < mass)); token++)
        {
            if (_weights[token] == weight)
            {
                cut = new(token, weight, cut.Count + 1, cut.Mass + weight);
            }
        }

        return cut;
    }

    // Weights whose bits are from Low to High, and the count and mass of those above.
    private readonly record struct Range(uint Low, uint High, long Above, double MassAbove);
}

/// <summary>The heaviest tokens up to and including one.</summary>
/// <param name="Token">The last of them.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Mass">The sum of their weights.</param>
internal readonly record struct TokenCut(int Token, float Weight, long Count, double Mass);
