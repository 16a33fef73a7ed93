namespace Distil.Onnx.Exports;

/// <summary>Sums over predicted tokens, from two students' logits.</summary>
internal sealed class QualitySums
{
    private int _tokens, _same;
    private double _exact, _rounded, _squares, _kl;

    /// <summary>Adds a token.</summary>
    /// <param name="exact">The first student's logits, (V).</param>
    /// <param name="rounded">The second's, (V).</param>
    /// <param name="token">The token that follows.</param>
    internal void Add(ReadOnlySpan<float> exact, ReadOnlySpan<float> rounded, int token)
    {
        var (best, other) = (Best(exact), Best(rounded));
        var (total, otherTotal) = (0.0, 0.0);
        var weighted = 0.0; // of the differences between the logits
        for (var i = 0; i < exact.Length; i++)
        {
            var weight = MathF.Exp(exact[i] - exact[best]);
            total += weight;
            weighted += weight * ((double)exact[i] - rounded[i]);
            otherTotal += MathF.Exp(rounded[i] - rounded[other]);
        }

        var (logTotal, otherLogTotal) = (exact[best] + Math.Log(total), rounded[other] + Math.Log(otherTotal));
        var (loss, otherLoss) = (logTotal - exact[token], otherLogTotal - rounded[token]);
        _tokens++;
        _same += best == other ? 1 : 0;
        _exact += loss;
        _rounded += otherLoss;
        _squares += (otherLoss - loss) * (otherLoss - loss);
        _kl += weighted / total - logTotal + otherLogTotal;
    }

    /// <summary>The means.</summary>
    /// <param name="text">The text's name.</param>
    internal FormQuality ToQuality(string text)
    {
        double exact = _exact / _tokens, rounded = _rounded / _tokens, difference = rounded - exact;
        var variance = Math.Max(0, _squares / _tokens - difference * difference);
        return new(text, _tokens, exact, rounded, Math.Sqrt(variance / _tokens), Math.Max(0, _kl / _tokens), (double)_same / _tokens);
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
