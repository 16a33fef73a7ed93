namespace Distil.Core.Models;

/// <summary>Frequencies of the rotary position embedding (RoFormer, arXiv 2104.09864), with Llama 3's scaling.</summary>
public static class RotaryFrequencies
{
    /// <summary>DH/2 angular frequencies, in radians a token.</summary>
    public static double[] Of(TransformerConfig config)
    {
        var frequencies = new double[config.HeadSize / 2];
        for (var j = 0; j < frequencies.Length; j++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * j / config.HeadSize);
            frequencies[j] = config.RopeScaling is { } scaling ? Stretch(frequency, scaling) : frequency;
        }

        return frequencies;
    }

    private static double Stretch(double frequency, Llama3Scaling scaling)
    {
        // Rotations within the original context: few mean full scaling, many none, and the scaling between them is smooth.
        var turns = scaling.OriginalMaxPositions * frequency / (2 * Math.PI);
        var kept = Math.Clamp((turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor), 0, 1);
        return kept * frequency + (1 - kept) * frequency / scaling.Factor;
    }
}
