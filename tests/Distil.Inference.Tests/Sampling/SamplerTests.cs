using Distil.Core.Errors;
using Distil.Inference.Randomness;
using Distil.Inference.Sampling;

namespace Distil.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [.. new[] { 0.1, 0.5, 0.05, 0.3, 0.05 }.Select(p => (float)Math.Log(p))];

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(2.0)]
    public void Draws_as_often_as_the_tempered_probabilities_say(double temperature)
    {
        const int Draws = 40_000;
        var counts = Count(new SamplingOptions { Temperature = temperature, TopP = 1, Seed = 7 }, Draws);
        var tempered = Logits.Select(logit => Math.Exp(logit / temperature)).ToArray();
        for (var i = 0; i < Logits.Length; i++)
        {
            var p = tempered[i] / tempered.Sum();
            Assert.InRange(counts[i], Draws * p - 5 * Math.Sqrt(Draws * p), Draws * p + 5 * Math.Sqrt(Draws * p));
        }
    }

    [Theory]
    [InlineData(0.5, new[] { 1 })]
    [InlineData(0.79, new[] { 1, 3 })]
    [InlineData(0.81, new[] { 0, 1, 3 })]
    [InlineData(0.94, new[] { 0, 1, 2, 3 })]
    [InlineData(1.0, new[] { 0, 1, 2, 3, 4 })]
    public void Top_p_draws_from_the_smallest_set_that_reaches_it(double topP, int[] nucleus)
    {
        var counts = Count(new SamplingOptions { Temperature = 1, TopP = topP }, 2000);
        Assert.Equal(nucleus, Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0));
    }

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(3, new[] { 0, 1, 3 })]
    [InlineData(50, new[] { 0, 1, 2, 3, 4 })]
    public void Top_k_draws_from_the_k_likeliest(int topK, int[] kept)
    {
        var counts = Count(new SamplingOptions { Temperature = 1, TopP = 1, TopK = topK }, 2000);
        Assert.Equal(kept, Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0));
    }

    [Theory]
    [InlineData(0.5, new[] { 1, 3 })]
    [InlineData(0.15, new[] { 0, 1, 3 })]
    [InlineData(1, new[] { 1 })]
    public void Min_p_draws_from_tokens_with_a_share_of_the_likeliest_ones_probability(double minP, int[] kept)
    {
        var counts = Count(new SamplingOptions { Temperature = 1, TopP = 1, MinP = minP }, 2000);
        Assert.Equal(kept, Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0));
    }

    [Fact]
    public void Penalties_make_tokens_of_the_text_less_likely()
    {
        var presence = new Sampler(SamplingOptions.Greedy with { PresencePenalty = 2 });
        Assert.Equal([1, 3, 0, 1], Enumerable.Range(0, 4).Select(_ => presence.Next(Logits)));
        var frequency = new Sampler(SamplingOptions.Greedy with { FrequencyPenalty = 0.4 });
        Assert.Equal([1, 1, 3, 1], Enumerable.Range(0, 4).Select(_ => frequency.Next(Logits)));
        var repetition = new Sampler(SamplingOptions.Greedy with { RepetitionPenalty = 2 });
        repetition.ReadPrompt([1]);
        Assert.Equal(3, repetition.Next(Logits)); // ln 0.5 · 2 = ln 0.25
    }

    [Fact]
    public void A_large_vocabulary_has_the_same_nucleus_as_one_sorted_whole()
    {
        var random = new Random(3);
        var logits = Enumerable.Range(0, 5000).Select(_ => (float)(4 * random.NextDouble())).ToArray();
        var total = logits.Sum(logit => Math.Exp(logit));
        var sum = 0.0;
        var nucleus = new HashSet<int>();
        foreach (var i in Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).TakeWhile(_ => sum < 0.3 * total))
        {
            sum += Math.Exp(logits[i]);
            nucleus.Add(i);
        }

        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopP = 0.3 });
        var drawn = Enumerable.Range(0, 20_000).Select(_ => sampler.Next(logits)).ToHashSet();
        Assert.Subset(nucleus, drawn);
        Assert.True(drawn.Count > 0.9 * nucleus.Count);
    }

    [Fact]
    public void A_seed_fixes_the_draws_and_another_changes_them()
    {
        var first = Draw(new SamplingOptions { Seed = 1 });
        Assert.Equal(first, Draw(new SamplingOptions { Seed = 1 }));
        Assert.NotEqual(first, Draw(new SamplingOptions { Seed = 2 }));
    }

    [Fact]
    public void Temperature_zero_takes_the_likeliest_and_the_lower_id_of_equals()
    {
        Assert.Equal(1, new Sampler(SamplingOptions.Greedy).Next(Logits));
        Assert.Equal(2, new Sampler(SamplingOptions.Greedy).Next([0, 1, 5, 5, float.NegativeInfinity]));
    }

    [Fact]
    public void Excluded_tokens_are_never_drawn()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 5, TopP = 1 });
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(1, sampler.Next([float.NegativeInfinity, -80, float.NegativeInfinity])));
    }

    [Fact]
    public void Logits_that_are_no_numbers_are_named() =>
        Assert.Contains("token 2", Assert.Throws<ArithmeticException>(() => new Sampler(new SamplingOptions()).Next([0, 1, float.NaN])).Message);

    [Theory]
    [InlineData(-0.1, 0.9, null, "temperature")]
    [InlineData(1, 0, null, "top-p")]
    [InlineData(1, 1.5, null, "top-p")]
    [InlineData(1, 1, 0, "top-k")]
    public void Options_out_of_range_are_the_users_error(double temperature, double topP, int? topK, string named) => Assert.Contains(
        named,
        Assert.Throws<InvalidInputException>(() => new Sampler(new SamplingOptions { Temperature = temperature, TopP = topP, TopK = topK })).Message);

    [Fact]
    public void Options_of_penalties_out_of_range_are_the_users_error()
    {
        foreach (var (options, named) in new (SamplingOptions, string)[]
        {
            (new() { MinP = 2 }, "min-p"), (new() { RepetitionPenalty = 0 }, "repetition-penalty"), (new() { PresencePenalty = 3 }, "presence-penalty"),
            (new() { FrequencyPenalty = double.NaN }, "frequency-penalty"),
        })
        {
            Assert.Contains(named, Assert.Throws<InvalidInputException>(() => new Sampler(options)).Message);
        }
    }

    [Fact]
    public void The_generator_is_the_published_one()
    {
        var random = SplitMix64.At(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL], [random.Next(), random.Next()]);
    }

    private static int[] Count(SamplingOptions options, int draws)
    {
        var sampler = new Sampler(options);
        var counts = new int[Logits.Length];
        for (var i = 0; i < draws; i++)
        {
            counts[sampler.Next(Logits)]++;
        }

        return counts;
    }

    private static int[] Draw(SamplingOptions options)
    {
        var sampler = new Sampler(options);
        return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next(Logits))];
    }
}
