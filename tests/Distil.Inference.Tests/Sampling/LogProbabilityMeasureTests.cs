using Distil.Inference.Sampling;

namespace Distil.Inference.Tests.Sampling;

public sealed class LogProbabilityMeasureTests
{
    [Fact]
    public void The_most_likely_come_in_their_order_and_equal_ones_by_id() =>
        Assert.Equal([1, 3, 2], new LogProbabilityMeasure().Of([1, 5, 3, 5, 2], 0, 3).Top.Select(entry => entry.Key));

    [Fact]
    public void Unlikely_tokens_are_told_apart_and_none_is_missing()
    {
        var random = new Random(3);
        // One token stands out; the others, whose ids are smaller, are so unlikely that their rounded weights are 0 or 1 unit.
        var logits = Enumerable.Range(0, 5000).Select(_ => (float)(-22 - 8 * random.NextDouble())).Append(0).ToArray();
        var measured = new LogProbabilityMeasure().Of(logits, 7, 20);
        var expected = Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).Take(20).ToList();
        var total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        Assert.Equal(expected, measured.Top.Select(entry => entry.Key));
        Assert.All(measured.Top, entry => Assert.Equal(logits[entry.Key] - total, entry.Value, 1e-6));
        Assert.Equal(logits[7] - total, measured.Chosen, 1e-6);
    }

    [Fact]
    public void Tokens_that_cannot_come_are_not_listed() =>
        Assert.Equal([2, 0], new LogProbabilityMeasure().Of([1, float.NegativeInfinity, 2], 0, 3).Top.Select(entry => entry.Key));
}
