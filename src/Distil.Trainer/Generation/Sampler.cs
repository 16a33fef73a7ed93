using Distil.Core.Errors;
using Distil.Trainer.Randomness;

namespace Distil.Trainer.Generation;

/// <summary>Chooses the next token from logits: temperature, then top-k, then top-p, then one draw.</summary>
/// <remarks>Equal logits are ranked by token id, so the choice does not depend on the sorting algorithm.</remarks>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private SplitMix64 _random;
    private double[] _probabilities = [];
    private int[] _candidates = [];

    /// <exception cref="InvalidInputException">An option is out of its range.</exception>
    public Sampler(SamplingOptions options)
    {
        Require(options.Temperature >= 0 && double.IsFinite(options.Temperature), "temperature", options.Temperature, "0 or more");
        Require(options.TopP is > 0 and <= 1, "top-p", options.TopP, "over 0 and at most 1");
        Require(options.TopK is null or >= 1, "top-k", options.TopK ?? 0, "1 or more");
        _options = options;
        _random = SplitMix64.At(options.Seed);
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">(V). −∞ excludes a token.</param>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        var best = ArgMax(logits);
        return _options.Temperature == 0 ? best : Draw(logits, logits[best]);
    }

    private static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]))
            {
                throw new ArithmeticException($"the logit of token {i} is not a number");
            }

            best = logits[i] > logits[best] ? i : best;
        }

        return float.IsFinite(logits[best]) ? best : throw new ArithmeticException($"the largest logit is {logits[best]}; nothing can be drawn");
    }

    private int Draw(ReadOnlySpan<float> logits, float max)
    {
        if (_probabilities.Length != logits.Length)
        {
            (_probabilities, _candidates) = (new double[logits.Length], new int[logits.Length]);
        }

        var total = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            total += _probabilities[i] = Math.Exp((logits[i] - max) / _options.Temperature);
        }

        var candidates = Candidates(total);
        if (_options.TopK is { } topK)
        {
            candidates = candidates[..Math.Min(topK, candidates.Length)];
            total = Sum(candidates);
        }

        candidates = Nucleus(candidates, _options.TopP * total);
        var left = _random.NextDouble() * Sum(candidates);
        foreach (var token in candidates)
        {
            left -= _probabilities[token];
            if (left < 0)
            {
                return token;
            }
        }

        return candidates[^1]; // rounding left a remainder
    }

    /// <summary>The tokens that may belong to the nucleus, most likely first.</summary>
    /// <remarks>Tokens below (1 − p)/V have less than 1 − p together, so none of them is needed and a large vocabulary is not sorted completely.</remarks>
    private Span<int> Candidates(double total)
    {
        var least = _options.TopK is null ? (1 - _options.TopP) * total / _probabilities.Length : 0;
        var count = 0;
        for (var i = 0; i < _probabilities.Length; i++)
        {
            if (_probabilities[i] >= least && _probabilities[i] > 0)
            {
                _candidates[count++] = i;
            }
        }

        var candidates = _candidates.AsSpan(0, count);
        var probabilities = _probabilities;
        candidates.Sort((a, b) => probabilities[b] != probabilities[a] ? probabilities[b].CompareTo(probabilities[a]) : a.CompareTo(b));
        return candidates;
    }

    private Span<int> Nucleus(Span<int> candidates, double mass)
    {
        var kept = 0;
        for (var sum = 0.0; kept < candidates.Length && sum < mass; kept++)
        {
            sum += _probabilities[candidates[kept]];
        }

        return candidates[..Math.Max(kept, 1)];
    }

    private double Sum(ReadOnlySpan<int> tokens)
    {
        var sum = 0.0;
        foreach (var token in tokens)
        {
            sum += _probabilities[token];
        }

        return sum;
    }

    private static void Require(bool holds, string name, double value, string expected)
    {
        if (!holds)
        {
            throw new InvalidInputException(FormattableString.Invariant($"{name} is {value}; expected {expected}"));
        }
    }
}
