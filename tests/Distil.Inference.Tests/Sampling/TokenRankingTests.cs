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

    [Theory]
    [InlineData(300, 3, 0)]
    [InlineData(40_000, 0.01, 0)] // thousands of tokens in a range
    [InlineData(40_000, 0.3, 0)]
    [InlineData(40_000, 9, 0)]
    [InlineData(20_000, 30, 0)] // many weights are 0
    [InlineData(20_000, 2, 5)] // many equal ones
    public void A_cut_has_the_bits_of_a_sorted_vocabulary(int size, double spread, int values)
    {
        var random = new Random(size + values);
        var logits = Enumerable.Range(0, size).Select(_ => (float)(spread * (values > 0 ? random.Next(values) / (double)values : random.NextDouble()))).ToArray();
        var (ranking, weights) = (new TokenRanking(), new float[(size + 15) / 16 * 16]);
        ranking.Rank(logits, logits.Max(), 1);
        Assert.Equal(ranking.Total, LogitScan.Exponentials(logits, logits.Max(), 1, weights));
        var sorted = Enumerable.Range(0, size).Where(i => weights[i] > 0).OrderByDescending(i => weights[i]).ThenBy(i => i).ToArray();
        for (var trial = 0; trial < 60; trial++)
        {
            var least = trial % 3 == 0 ? float.Epsilon : MathF.Pow(random.NextSingle(), 3);
            var (count, mass) = (trial % 2 == 0 ? size : 1 + random.Next(size), trial % 5 == 0 ? double.PositiveInfinity : random.NextDouble() * ranking.Total);
            var expected = new TokenCut(-1, 0, 0, 0);
            foreach (var token in sorted.TakeWhile(token => weights[token] >= least))
            {
                expected = new(token, weights[token], expected.Count + 1, expected.Mass + weights[token]);
                if (expected.Count >= count || expected.Mass >= mass)
                {
                    break;
                }
            }

            Assert.Equal((trial, expected), (trial, ranking.Take(count, mass, least)));
        }
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
