namespace Distil.Inference.Sampling;

/// <summary>Computes log-probabilities from logits.</summary>
internal sealed class LogProbabilityMeasure
{
    private readonly TokenRanking _ranking = new();

    /// <summary>The log-probabilities of a token and of the most likely ones.</summary>
    /// <param name="logits">(V).</param>
    /// <param name="token">The chosen token.</param>
    /// <param name="top">How many of the most likely, ≥ 0.</param>
    internal TokenLogProbabilities Of(ReadOnlySpan<float> logits, int token, int top)
    {
        var max = LogitScan.Max(logits);
        _ranking.Rank(logits, max, inverseTemperature: 1);
        var logTotal = max + Math.Log(_ranking.Total);
        var list = new List<KeyValuePair<int, double>>(top);
        foreach (var likely in Likeliest(logits, top))
        {
            list.Add(new(likely, logits[likely] - logTotal));
        }

        return new(logits[token] - logTotal, list);
    }

    /// <summary>The tokens with the largest logits, in descending order, equal ones by id. Weights would not tell unlikely tokens apart: they are rounded.</summary>
    private static IEnumerable<int> Likeliest(ReadOnlySpan<float> logits, int count)
    {
        var kept = new PriorityQueue<int, (float Logit, int Earlier)>(count + 1); // the least likely is the first to go
        for (var token = 0; token < logits.Length && count > 0; token++)
        {
            var place = (logits[token], -token);
            if (logits[token] > float.NegativeInfinity && kept.Count < count)
            {
                kept.Enqueue(token, place);
            }
            else if (kept.TryPeek(out _, out var least) && logits[token] > least.Logit)
            {
                kept.DequeueEnqueue(token, place);
            }
        }

        var tokens = new Stack<int>(kept.Count);
        while (kept.TryDequeue(out var token, out _))
        {
            tokens.Push(token);
        }

        return tokens;
    }
}
