namespace Distil.Core.Models;

/// <summary>Frequencies of the rotary position embedding (RoFormer, arXiv 2104.09864).</summary>
public static class RotaryFrequencies
{
    /// <summary>DH/2 angular frequencies of a model without sequences of special lengths, in radians a token.</summary>
    public static double[] Of(TransformerConfig config) => Of(config.Rotary);

    /// <summary>Angular frequencies, in radians a token.</summary>
    /// <param name="rotary">The embedding.</param>
    /// <param name="length">Tokens of the sequence; 0 for the usual frequencies.</param>
    /// <returns>One for each pair of rotated units.</returns>
    public static double[] Of(RotaryForm rotary, long length = 0) =>
        rotary.Scaling?.Frequencies(rotary.Theta, rotary.Width, length) ?? Unscaled(rotary.Theta, rotary.Width);

    /// <summary>Frequencies θ^(−2j / width), for j from 0 to width / 2 − 1.</summary>
    internal static double[] Unscaled(double theta, int width) =>
        [.. Enumerable.Range(0, width / 2).Select(j => Math.Pow(theta, -2.0 * j / width))];
}
