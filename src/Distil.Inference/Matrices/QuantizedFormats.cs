namespace Distil.Inference.Matrices;

/// <summary>How a block of 32 weights is rounded to integers and a scale: a weight is (code − <see cref="Zero"/>) · scale.</summary>
internal interface IQuantizedFormat
{
    /// <value>Bits of a code, 8 or 4.</value>
    static abstract int Bits { get; }

    /// <value>The code of the weight 0.</value>
    static abstract int Zero { get; }

    /// <summary>Rounds a block.</summary>
    /// <param name="weights">32 weights.</param>
    /// <param name="codes">Receives a byte for each.</param>
    /// <returns>The scale.</returns>
    static abstract float Round(ReadOnlySpan<float> weights, Span<byte> codes);
}

/// <summary>Weights as 8-bit integers from −127 to 127, times a scale for each block.</summary>
internal readonly struct Int8Format : IQuantizedFormat
{
    /// <inheritdoc/>
    public static int Bits => 8;

    /// <inheritdoc/>
    public static int Zero => 128;

    /// <inheritdoc/>
    public static float Round(ReadOnlySpan<float> weights, Span<byte> codes)
    {
        var largest = 0f;
        foreach (var weight in weights)
        {
            largest = MathF.Max(largest, MathF.Abs(weight));
        }

        var scale = largest / 127;
        for (var i = 0; i < weights.Length; i++)
        {
            codes[i] = (byte)(Zero + (largest > 0 ? (sbyte)MathF.Round(weights[i] / scale) : 0));
        }

        return scale;
    }
}

/// <summary>Weights as 4-bit integers from −8 to 7, times a scale for each block.</summary>
internal readonly struct Int4Format : IQuantizedFormat
{
    /// <inheritdoc/>
    public static int Bits => 4;

    /// <inheritdoc/>
    public static int Zero => 8;

    /// <inheritdoc/>
    public static float Round(ReadOnlySpan<float> weights, Span<byte> codes)
    {
        // The value farthest from 0 becomes −8, so that all sixteen integers are used.
        var farthest = 0f;
        foreach (var weight in weights)
        {
            farthest = MathF.Abs(weight) > MathF.Abs(farthest) ? weight : farthest;
        }

        var scale = farthest / -8;
        for (var i = 0; i < weights.Length; i++)
        {
            codes[i] = (byte)(scale == 0 ? Zero : Math.Clamp((int)MathF.Round(weights[i] / scale) + Zero, 0, 15));
        }

        return scale;
    }
}
