namespace Distil.Inference.Sampling;

/// <summary>Computes log-probabilities from logits.</summary>
internal sealed class LogProbabilityMeasure
{
    private readonly TokenRanking _ranking = new();

    /// <summary>The log-probabilities of a token and of the most likely ones.</summary>
    /// <param name="logits">(V).</param>
    /// <param name="token">The chosen token.</param>
    /// <param name="top">How many of the most likely, 0 to 512.</param>
    internal TokenLogProbabilities Of(ReadOnlySpan<float> logits, int token, int top)
    {
        var max = LogitScan.Max(logits);
        _ranking.Rank(logits, max, inverseTemperature: 1);
        var logTotal = max + Math.Log(_ranking.Total);
        var list = new List<KeyValuePair<int, double>>(top);
        if (top > 0)
        {
            foreach (var likely in _ranking.Heaviest(_ranking.Take(top, double.PositiveInfinity, float.Epsilon)))
            {
                list.Add(new(likely, logits[likely] - logTotal));
            }
        }

        return new(logits[token] - logTotal, list);
    }
}
