namespace Distil.Core.Models;

/// <summary>Short wavelengths stay, long ones are multiplied by a factor, and those between are mixed (<c>yarn</c>, arXiv 2309.00071).</summary>
/// <param name="Factor">The factor.</param>
/// <param name="OriginalMaxPositions">The context before scaling, in tokens.</param>
/// <param name="Attention">Factor of cos and sin.</param>
/// <param name="BetaFast">Wavelengths with more turns in the original context stay.</param>
/// <param name="BetaSlow">Wavelengths with fewer turns in the original context are scaled in full.</param>
/// <param name="Truncated">Whether the bounds between them are rounded to whole units.</param>
public sealed record YarnScaling(double Factor, int OriginalMaxPositions, double Attention, double BetaFast, double BetaSlow, bool Truncated)
    : RotaryScaling
{
    /// <inheritdoc />
    public override double AttentionFactor => Attention;

    /// <inheritdoc />
    public override double[] Frequencies(double theta, int width, long length)
    {
        double BoundOf(double turns) => width * Math.Log(OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        var (low, high) = (BoundOf(BetaFast), BoundOf(BetaSlow));
        (low, high) = Truncated ? (Math.Floor(low), Math.Ceiling(high)) : (low, high);
        (low, high) = (Math.Max(low, 0), Math.Min(high, width - 1));
        high += low == high ? 0.001 : 0; // as in transformers: the ramp must have a width
        return [.. RotaryFrequencies.Unscaled(theta, width).Select((frequency, j) =>
        {
            var scaled = Math.Clamp((j - low) / (high - low), 0, 1);
            return (frequency / Factor * scaled) + (frequency * (1 - scaled));
        })];
    }

    /// <summary>The default factor of cos and sin.</summary>
    /// <param name="factor">The scaling's factor.</param>
    /// <param name="scale">Factor of the logarithm.</param>
    public static double AttentionOf(double factor, double scale = 1) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
}

/// <summary>Each wavelength has factors of its own, one for short and one for long sequences (<c>longrope</c>, arXiv 2402.13753).</summary>
/// <param name="ShortFactors">Factors up to the original context, one for each wavelength.</param>
/// <param name="LongFactors">Factors of longer sequences.</param>
/// <param name="OriginalMaxPositions">The context before scaling, in tokens.</param>
/// <param name="Attention">Factor of cos and sin.</param>
public sealed record LongRopeScaling(ValueList<double> ShortFactors, ValueList<double> LongFactors, int OriginalMaxPositions, double Attention)
    : RotaryScaling
{
    /// <inheritdoc />
    public override double AttentionFactor => Attention;

    /// <inheritdoc />
    public override int? UsualLength => OriginalMaxPositions;

    /// <inheritdoc />
    public override double[] Frequencies(double theta, int width, long length)
    {
        var factors = length > OriginalMaxPositions ? LongFactors : ShortFactors;
        return [.. RotaryFrequencies.Unscaled(theta, width).Zip(factors, (frequency, factor) => frequency / factor)];
    }

    /// <summary>The default factor of cos and sin.</summary>
    /// <param name="factor">The long context divided by the original one.</param>
    /// <param name="original">The original context, in tokens.</param>
    public static double AttentionOf(double factor, int original) => factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original)));
}
