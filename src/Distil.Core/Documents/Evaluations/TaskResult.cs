namespace Distil.Core.Documents.Evaluations;

/// <summary>The scores of student and teacher on one multiple-choice task.</summary>
public sealed record TaskResult
{
    /// <value>The task's name.</value>
    public required string Name { get; init; }

    /// <value>Questions asked.</value>
    public required int Questions { get; init; }

    /// <value>Examples before each question.</value>
    public required int Shots { get; init; }

    /// <value>Score of guessing: the mean of 1 / number of choices, 0–1.</value>
    public required double Chance { get; init; }

    /// <value>Choices whose text was cut at the beginning to fit the teacher's longest context.</value>
    public int Truncated { get; init; }

    /// <value>The student's score.</value>
    public required TaskScore Student { get; init; }

    /// <value>The teacher's score; null without a teacher.</value>
    public TaskScore? Teacher { get; init; }

    /// <value>How much of the teacher's <see cref="TaskScore.AccNorm"/> the student recovers; null without a teacher.</value>
    public Recovery? Recovery { get; init; }
}

/// <summary>Shares of questions answered correctly, 0–1, as lm-evaluation-harness computes them.</summary>
/// <param name="Acc">The choice with the highest log-likelihood is correct.</param>
/// <param name="AccNorm">The choice with the highest log-likelihood per character is correct.</param>
/// <param name="AccBytes">The choice with the highest log-likelihood per byte of UTF-8 is correct.</param>
public sealed record TaskScore(Estimate Acc, Estimate AccNorm, Estimate AccBytes);

/// <summary>How much of its teacher's score a student recovers.</summary>
/// <param name="WithinTolerance">Whether the student's score is at least (1 − tolerance) times the teacher's.</param>
/// <param name="Rate">The student's score divided by the teacher's; null if the teacher scored 0.</param>
/// <param name="AboveChance">The same ratio of the scores above chance; null if the teacher scores no better than chance.</param>
public sealed record Recovery(bool WithinTolerance, Estimate? Rate = null, Estimate? AboveChance = null)
{
    /// <summary>Computes the ratios from both models' scores on the same samples; the errors are those of paired samples.</summary>
    /// <param name="student">One score per sample.</param>
    /// <param name="teacher">One score per sample.</param>
    /// <param name="chance">Score of guessing, 0–1.</param>
    /// <param name="tolerance">Share of the teacher's score that may be missing, 0–1.</param>
    public static Recovery Of(IReadOnlyList<double> student, IReadOnlyList<double> teacher, double chance, double tolerance) => new(
        student.Sum() >= (1 - tolerance) * teacher.Sum(), Ratio(student, teacher, 0), Ratio(student, teacher, chance));

    private static Estimate? Ratio(IReadOnlyList<double> student, IReadOnlyList<double> teacher, double chance) =>
        teacher.Sum() - (chance * teacher.Count) > 1e-9
        ? Estimate.OfRatio([.. student.Select(score => score - chance)], [.. teacher.Select(score => score - chance)])
        : null;
}
