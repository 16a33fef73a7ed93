using CsCheck;
using Distil.Fuzzing;
using Distil.Inference.Sampling;

namespace Distil.Inference.Tests.Sampling;

public sealed class TokenRankingTests
{
    private const float Near = 1e-6f;

    [Fact]
    public void A_cut_is_the_one_of_a_vocabulary_that_is_sorted_whole() => Gen.Select(
        Gen.Int[1, 3000], Gen.Double[0, 12], Gen.Int[0, 1 << 20], Gen.Bool).Each((size, spread, seed, coarse) =>
    {
        var random = new Random(seed);
        // Coarse logits have many equal values.
        var logits = Enumerable.Range(0, size).Select(_ => (float)(coarse ? random.Next(4) * spread / 4 : random.NextDouble() * spread)).ToArray();
        var ranking = new TokenRanking();
        ranking.Rank(logits, logits.Max(), 1);
        var sorted = Enumerable.Range(0, size).OrderByDescending(i => logits[i]).ThenBy(i => i).ToArray();

        var count = 1 + random.Next(size);
        var byCount = ranking.Take(count, double.PositiveInfinity, float.Epsilon);
        Assert.Equal(count, byCount.Count);
        Assert.Equal(logits[sorted[count - 1]], logits[byCount.Token], Near); // the weights of near logits may be equal

        var mass = random.NextDouble() * ranking.Total;
        var byMass = ranking.Take(size, mass, float.Epsilon);
        var before = sorted.Take((int)byMass.Count - 1).Sum(i => Math.Exp(logits[i] - logits.Max()));
        Assert.InRange(before, 0, mass + 1e-5 * ranking.Total);
        Assert.InRange(before + Math.Exp(logits[byMass.Token] - logits.Max()), mass - 1e-5 * ranking.Total, double.PositiveInfinity);
        Assert.Equal(logits[sorted[(int)byMass.Count - 1]], logits[byMass.Token], Near);
    }, count: 100);

    [Fact]
    public void Sums_do_not_depend_on_the_order_of_the_tokens()
    {
        var random = new Random(11);
        var logits = Enumerable.Range(0, 50_000).Select(_ => (float)(-20 * random.NextDouble())).Append(0).ToArray();
        (double Total, TokenCut Cut) Ranked()
        {
            var ranking = new TokenRanking();
            ranking.Rank(logits, 0, 1);
            return (ranking.Total, ranking.Take(logits.Length, 0.7 * ranking.Total, float.Epsilon) with { Token = 0 });
        }

        var expected = Ranked();
        random.Shuffle(logits);
        Assert.Equal(expected, Ranked());
    }

    [Fact]
    public void Equal_weights_are_ranked_by_id()
    {
        var ranking = new TokenRanking();
        ranking.Rank(new float[5000], 0, 1);
        Assert.Equal(2999, ranking.Take(3000, double.PositiveInfinity, float.Epsilon).Token);
        Assert.Equal(1249, ranking.Take(5000, 1250, float.Epsilon).Token);
    }
}
