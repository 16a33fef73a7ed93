namespace Distil.Core.Models;

/// <summary>A rotary position embedding.</summary>
/// <param name="Theta">Base of the wavelengths.</param>
/// <param name="Width">Units of a head that are rotated; even.</param>
/// <param name="Scaling">How the wavelengths are scaled; null for not at all.</param>
public sealed record RotaryForm(double Theta, int Width, RotaryScaling? Scaling);

/// <summary>How a rotary embedding's wavelengths are scaled for contexts longer than those of the first training (<c>rope_type</c>).</summary>
public abstract record RotaryScaling
{
    /// <value>Factor of cos and sin.</value>
    public virtual double AttentionFactor => 1;

    /// <value>The longest sequence with the usual frequencies, in tokens, if those of longer ones differ; else null.</value>
    public virtual int? UsualLength => null;

    /// <summary>Angular frequencies, in radians a token.</summary>
    /// <param name="theta">Base of the wavelengths.</param>
    /// <param name="width">Units of a head that are rotated.</param>
    /// <param name="length">Tokens of the sequence; 0 for the usual frequencies.</param>
    /// <returns>width / 2 frequencies.</returns>
    public abstract double[] Frequencies(double theta, int width, long length);
}

/// <summary>All wavelengths are multiplied by a factor (<c>linear</c>).</summary>
/// <param name="Factor">The factor.</param>
public sealed record LinearScaling(double Factor) : RotaryScaling
{
    /// <inheritdoc />
    public override double[] Frequencies(double theta, int width, long length) =>
        [.. RotaryFrequencies.Unscaled(theta, width).Select(frequency => frequency / Factor)];
}

/// <summary>The base grows with the sequence once it is longer than the context of the training (<c>dynamic</c>, "NTK-aware").</summary>
/// <param name="Factor">The factor.</param>
/// <param name="MaxPositions">The context of the training, in tokens.</param>
public sealed record DynamicScaling(double Factor, int MaxPositions) : RotaryScaling
{
    /// <inheritdoc />
    public override int? UsualLength => MaxPositions;

    /// <inheritdoc />
    public override double[] Frequencies(double theta, int width, long length)
    {
        var growth = (Factor * Math.Max(length, MaxPositions) / MaxPositions) - (Factor - 1);
        return RotaryFrequencies.Unscaled(theta * Math.Pow(growth, width / (width - 2.0)), width);
    }
}

/// <summary>How Llama 3.1 and later scale long wavelengths (<c>llama3</c>).</summary>
/// <param name="Factor">Factor by which long wavelengths are multiplied.</param>
/// <param name="LowFrequencyFactor">Wavelengths above the original context divided by this are scaled in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below the original context divided by this are not scaled; larger than
/// <paramref name="LowFrequencyFactor"/>.</param>
/// <param name="OriginalMaxPositions">The context before scaling, in tokens.</param>
public sealed record Llama3Scaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions) : RotaryScaling
{
    /// <inheritdoc />
    public override double[] Frequencies(double theta, int width, long length) => [.. RotaryFrequencies.Unscaled(theta, width).Select(Stretch)];

    private double Stretch(double frequency)
    {
        // Rotations within the original context: few mean full scaling, many none, and the scaling between them is smooth.
        var turns = OriginalMaxPositions * frequency / (2 * Math.PI);
        var kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
        return kept * frequency + (1 - kept) * frequency / Factor;
    }
}
