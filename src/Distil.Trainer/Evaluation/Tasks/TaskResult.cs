using Distil.Trainer.Evaluation.Statistics;

namespace Distil.Trainer.Evaluation.Tasks;

/// <summary>How student and teacher did on one multiple-choice task.</summary>
public sealed record TaskResult
{
    /// <value>The task's name.</value>
    public required string Name { get; init; }

    /// <value>Questions asked.</value>
    public required int Questions { get; init; }

    /// <value>Examples before each question.</value>
    public required int Shots { get; init; }

    /// <value>Mean of 1 over the number of choices: what guessing scores.</value>
    public required double Chance { get; init; }

    /// <value>Choices whose text was cut at its beginning to fit the teacher's longest context.</value>
    public int Truncated { get; init; }

    /// <value>The student.</value>
    public required TaskScore Student { get; init; }

    /// <value>The teacher; null where there was none.</value>
    public TaskScore? Teacher { get; init; }

    /// <value>The student's <see cref="TaskScore.AccNorm"/> beside the teacher's; null without a teacher.</value>
    public Recovery? Recovery { get; init; }
}

/// <summary>Shares of questions answered right, 0–1, as lm-evaluation-harness counts them.</summary>
/// <param name="Acc">The choice of the highest log-likelihood is right.</param>
/// <param name="AccNorm">That of the highest log-likelihood over the choice's length in characters is.</param>
/// <param name="AccBytes">That of the highest log-likelihood over the choice's length in bytes of UTF-8 is.</param>
public sealed record TaskScore(Estimate Acc, Estimate AccNorm, Estimate AccBytes);

/// <summary>How much of its teacher's score a student keeps.</summary>
/// <param name="WithinTolerance">Whether the student's score is at least (1 − tolerance) times the teacher's.</param>
/// <param name="Rate">Student's score over the teacher's; null where the teacher scored 0.</param>
/// <param name="AboveChance">The same of what each scores above chance; null where the teacher does not.</param>
public sealed record Recovery(bool WithinTolerance, Estimate? Rate = null, Estimate? AboveChance = null)
{
    /// <summary>From both models' scores on the same samples, so that the errors are those of paired samples.</summary>
    /// <param name="student">One a sample.</param>
    /// <param name="teacher">One a sample.</param>
    /// <param name="chance">What guessing scores, 0–1.</param>
    /// <param name="tolerance">0–1.</param>
    public static Recovery Of(IReadOnlyList<double> student, IReadOnlyList<double> teacher, double chance, double tolerance) => new(
        student.Sum() >= (1 - tolerance) * teacher.Sum(), Ratio(student, teacher, 0), Ratio(student, teacher, chance));

    private static Estimate? Ratio(IReadOnlyList<double> student, IReadOnlyList<double> teacher, double chance) =>
        teacher.Sum() - (chance * teacher.Count) > 1e-9
        ? Estimate.OfRatio([.. student.Select(score => score - chance)], [.. teacher.Select(score => score - chance)])
        : null;
}
