using Distil.Core.Errors;
using Distil.Inference.Randomness;

namespace Distil.Inference.Sampling;

/// <summary>Chooses the next token from logits: penalties, temperature, then top-k, top-p and min-p, then one draw.</summary>
/// <remarks>
/// Equal weights are ranked by token id. The vocabulary is not sorted. Weights are multiples of 2⁻³² of the heaviest, so that their sums are exact and every
/// processor and card draws the same token from the same logits.
/// </remarks>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly TokenRanking _ranking = new();
    private readonly Penalties? _penalties;
    private SplitMix64 _random;

    /// <exception cref="InvalidInputException">An option is out of its range.</exception>
    public Sampler(SamplingOptions options)
    {
        Require(options.Temperature >= 0 && double.IsFinite(options.Temperature), "temperature", options.Temperature, "0 or more");
        Require(options.TopP is > 0 and <= 1, "top-p", options.TopP, "over 0 and at most 1");
        Require(options.TopK is null or >= 1, "top-k", options.TopK ?? 0, "1 or more");
        Require(options.MinP is >= 0 and <= 1, "min-p", options.MinP, "0 to 1");
        Require(options.RepetitionPenalty > 0 && double.IsFinite(options.RepetitionPenalty), "repetition-penalty", options.RepetitionPenalty, "over 0");
        Require(options.PresencePenalty is >= -2 and <= 2, "presence-penalty", options.PresencePenalty, "-2 to 2");
        Require(options.FrequencyPenalty is >= -2 and <= 2, "frequency-penalty", options.FrequencyPenalty, "-2 to 2");
        _options = options;
        _penalties = options.Penalizes ? new(options) : null;
        _random = SplitMix64.At(options.Seed);
    }

    /// <value>How tokens are chosen.</value>
    internal SamplingOptions Options => _options;

    /// <value>The tokens whose logits change, with what is subtracted last; none without penalties.</value>
    internal IEnumerable<(int Token, float Less)> Changes => _penalties?.Changes ?? [];

    /// <summary>Tells the sampler tokens of the prompt, which the repetition penalty takes into account.</summary>
    public void ReadPrompt(ReadOnlySpan<int> tokens) => _penalties?.ReadPrompt(tokens);

    /// <summary>The next random number, in [0, 1), for a draw elsewhere.</summary>
    internal double Number() => _random.NextDouble();

    /// <summary>Tells the sampler a token of the text that was drawn elsewhere.</summary>
    internal void Accept(int token) => _penalties?.Choose(token);

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">(V). −∞ excludes a token.</param>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        var penalized = _penalties is null ? logits : _penalties.Apply(logits);
        var max = LogitScan.Max(penalized);
        var token = _options.Temperature == 0 ? LogitScan.IndexOf(penalized, max) : Draw(penalized, max);
        _penalties?.Choose(token);
        return token;
    }

    private int Draw(ReadOnlySpan<float> logits, float max)
    {
        _ranking.Rank(logits, max, _options.InverseTemperature);
        var all = new TokenCut(-1, float.Epsilon, logits.Length, _ranking.Total);
        var kept = _options.TopK is { } topK && topK < logits.Length ? _ranking.Take(topK, double.PositiveInfinity, all.Weight) : all;
        if (_options.TopP < 1)
        {
            kept = Smaller(kept, _ranking.Take(kept.Count, _options.TopP * kept.Mass, Needed(kept)));
        }

        if (_options.MinP > kept.Weight)
        {
            kept = _ranking.Take(kept.Count, double.PositiveInfinity, (float)_options.MinP);
        }

        return _ranking.Take(kept.Count, Number() * kept.Mass, kept.Weight).Token;
    }

    // Tokens below (1 − p)/n of the mass of n have less than 1 − p together: the nucleus needs none of them, whatever the rounding with a little less.
    private float Needed(TokenCut kept) => MathF.Max(kept.Weight, MathF.Min((float)(0.999 * (1 - _options.TopP) * kept.Mass / kept.Count), 1));

    private static TokenCut Smaller(TokenCut a, TokenCut b) => b.Count < a.Count ? b : a;

    private static void Require(bool holds, string name, double value, string expected)
    {
        if (!holds)
        {
            throw new InvalidInputException(FormattableString.Invariant($"{name} is {value}; expected {expected}"));
        }
    }
}
