using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The results, first in sentences and then as four numbers.</summary>
internal static class Verdict
{
    public static Html Of(RunReport report)
    {
        var last = report.Epochs[^1];
        var (student, without) = (last.Distilled, last.WithoutTeacher);
        return Html.Of($"""
            <section id="result"><h2>Result</h2>
            <p class="lead">{Sentence(student)} {(without is null ? "" : Comparison(student, without))} {TaskSentence(report, student)}</p>
            <div class="cards">
            {Card("Student’s perplexity", Figures.Number(student.Student.Perplexity), TeacherNote(student))}
            {(student.PerplexityRatio is { } ratio ? Card("Student / teacher", $"{Ratio(student, ratio, 3)} ×", "1 is as good as the teacher") : Html.None)}
            {Html.When(without, other => Card("Without the teacher", Figures.Number(other.Student.Perplexity), "same student, same steps"))}
            {(student.Kl is { } kl ? Card("KL to the teacher", Figures.Number(kl), KlNote(without)) : Html.None)}
            </div>
            {Html.Join(report.Notes.Select(note => Html.Of($"<p class=\"note\"><strong>Less than asked:</strong> {note}.</p>\n")))}
            <p class="note">Measured on {Figures.Count(student.Tokens)} held-out tokens in {Figures.Count(student.Rows)} rows. Perplexity is the exponential of
            the mean cross-entropy in nats a token; KL is KL(teacher ‖ student) at temperature 1 over the whole vocabulary, in nats a token. Lower is better.
            ± is one standard error, of a sample of rows{(without is null ? "" : "; between the two students at most that, because they were measured on the same rows")}.</p>
            </section>

            """);
    }

    private static string Sentence(EvaluationResult student) => student.PerplexityRatio is { } ratio
        ? $"The student’s perplexity on held-out text is {Figures.Number(student.Student.Perplexity)}: "
            + $"{Ratio(student, ratio, 2)} times its teacher’s {Figures.Number(student.Teacher!.Perplexity)}."
        : $"The student’s perplexity on held-out text is {Figures.Number(student.Student.Perplexity)}.";

    private static string Comparison(EvaluationResult student, EvaluationResult without)
    {
        var against = student.PerplexityAgainst(without);
        var gain = 1 - against.Value;
        var perplexity = $"Trained for the same steps without the teacher it reaches {Figures.Number(without.Student.Perplexity)}: the teacher made it "
            + $"{Figures.Measured(100 * Math.Abs(gain), 100 * against.StandardError)}\u202F% {(gain >= 0 ? "better" : "worse")}{(IsClear(against) ? "" : ", which is within the error")}.";
        return student.Kl is { } kl && without.Kl is { } other
            ? $"{perplexity} Its KL to the teacher is {Figures.Number(kl)} nats a token, against {Figures.Number(other)} without."
            : perplexity;
    }

    // Two errors: a difference that chance makes in one of twenty evaluations.
    private static bool IsClear(Estimate ratio) => ratio.StandardError is not { } error || Math.Abs(1 - ratio.Value) >= 2 * error;

    private static string Ratio(EvaluationResult student, double ratio, int decimals) =>
        student.PerplexityRatioStandardError is { } error ? Figures.Measured(ratio, error) : Figures.Fixed(ratio, decimals);

    private static string TaskSentence(RunReport report, EvaluationResult student)
    {
        if (student is not { Tasks: { } tasks, TasksWithinTolerance: { } share })
        {
            return "";
        }

        var good = (int)Math.Round(share * tasks.Count);
        return $"Of {tasks.Count} {(tasks.Count == 1 ? "task" : "tasks")} it does {good} as well as its teacher, "
            + $"within {Figures.Setting(100 * report.Spec.Evaluation.Tolerance)} % of the score.";
    }

    private static string TeacherNote(EvaluationResult student) => student.Teacher is null ? "" : $"teacher {Figures.Number(student.Teacher.Perplexity)}";

    private static string KlNote(EvaluationResult? without) => without?.Kl is { } kl ? $"without the teacher {Figures.Number(kl)}" : "nats a token";

    private static Html Card(string name, string value, string note) =>
        Html.Of($"<div class=\"card\"><h3>{name}</h3><p class=\"figure\">{WithError(value)}</p><p class=\"note\">{note}</p></div>\n");

    /// <summary>On a narrow page the number and its error take a line each, and neither is broken.</summary>
    private static Html WithError(string value) => value.Split(Figures.BeforeError) is [var number, var error]
        ? Html.Of($"{number} <span class=\"error\">±\u202F{error}</span>")
        : Html.Of($"{value}");
}
