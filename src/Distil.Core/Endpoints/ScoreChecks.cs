using System.Globalization;
using Distil.Core.Errors;

namespace Distil.Core.Endpoints;

/// <summary>Whether a server's scores are the most probable tokens of one distribution: a student would learn whatever else they are.</summary>
/// <param name="vocabulary">V.</param>
/// <param name="count">Number of tokens that were asked for, at most V.</param>
internal sealed class ScoreChecks(int vocabulary, int count)
{
    /// <summary>vLLM's word for −∞, which JSON does not have.</summary>
    private const float Zero = -9999;

    private const double Rounding = 1e-3;

    private static readonly FieldPath Field = FieldPath.Parse("teacher.endpoint");

    /// <summary>Returns the scores that were asked for, most probable first, without tokens of probability 0.</summary>
    /// <param name="answered">The scores, and possibly one more, of the token that comes next.</param>
    /// <param name="position">The position, for messages.</param>
    /// <exception cref="InvalidInputException">They are not.</exception>
    public TokenScore[] MostProbable(IReadOnlyList<TokenScore> answered, int position)
    {
        if (answered.Count < count)
        {
            throw Invalid($"position {position} has {answered.Count} log-probabilities; expected {count}, min(teacher.keep.maxTokens, vocab_size)");
        }

        foreach (var (id, log) in answered)
        {
            if (id < 0 || id >= vocabulary)
            {
                throw Invalid($"position {position} has token {id}; expected ids below {vocabulary}, the teacher's vocab_size");
            }

            if (!(log <= Rounding))
            {
                throw Invalid($"position {position}: the log-probability of token {id} is {Shown(log)}; expected a finite number, at most 0");
            }
        }

        var sorted = answered.OrderByDescending(score => score.LogProbability).ThenBy(score => score.Id).ToArray();
        if (sorted.DistinctBy(score => score.Id).Count() < sorted.Length)
        {
            throw Invalid($"position {position} has a token twice; expected each once");
        }

        var kept = sorted.Take(count).Where(score => score.LogProbability > Zero).Select(score => score with { LogProbability = Math.Min(0, score.LogProbability) }).ToArray();
        var mass = kept.Sum(score => Math.Exp(score.LogProbability));
        return mass > 0 && mass <= 1 + Rounding
            ? kept
            : throw Invalid($"position {position}: the probabilities of its tokens add up to {Shown(mass)}; expected at most 1, and more than 0");
    }

    private static string Shown(double number) => double.IsNaN(number) ? "missing or not finite" : number.ToString("0.####", CultureInfo.InvariantCulture);

    private static InvalidInputException Invalid(string fault) => new(Field, fault);
}
