using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>Multiple-choice tasks: each model's score, and the share of the teacher's score that the student recovers.</summary>
internal static class Tasks
{
    public static Html Of(RunReport report)
    {
        var last = report.Epochs[^1];
        return last.Distilled.Tasks is not { Count: > 0 } tasks ? Html.None : Html.Of($"""
            <section id="tasks"><h2>Tasks</h2>
            {Scores(last, tasks).ToHtml()}{(tasks.Any(task => task.Recovery is not null) ? Kept(report, last, tasks) : Html.None)}</section>

            """);
    }

    private static Table Scores(EpochSummary last, IReadOnlyList<TaskResult> tasks)
    {
        var (baseline, teacher) = (last.WithoutTeacher?.Tasks is not null, tasks.Any(task => task.Teacher is not null));
        string[] columns =
        [
            "Task", "Questions", "Chance", .. Columns("Student"), .. baseline ? ["Without teacher, acc_norm"] : Array.Empty<string>(),
            .. teacher ? Columns("Teacher") : [],
        ];
        return new Table("Multiple choice by log-likelihood, share of questions right", columns)
        {
            Rows = from task in tasks
                   select (IReadOnlyList<string>)
                   [
                       task.Name, Figures.Count(task.Questions), Figures.Percent(task.Chance), .. Cells(task.Student),
                       .. baseline ? Cells(Find(last.WithoutTeacher, task.Name)?.Student)[1..] : [], .. teacher ? Cells(task.Teacher) : [],
                   ],
        };
    }

    private static string[] Columns(string model) => [$"{model}, acc", $"{model}, acc_norm"];

    private static string[] Cells(TaskScore? score) => score is null ? ["–", "–"] : [Share(score.Acc), Share(score.AccNorm)];

    private static Html Kept(RunReport report, EpochSummary last, IReadOnlyList<TaskResult> tasks)
    {
        var baseline = last.WithoutTeacher?.Tasks is not null;
        var columns = new List<string> { "Task", "Student / teacher", "Above chance", "As good" };
        if (baseline)
        {
            columns.Add("Without teacher / teacher");
        }

        var table = new Table("Share of the teacher’s acc_norm that the student recovers", columns)
        {
            Rows = from task in tasks
                   where task.Recovery is not null
                   select (IReadOnlyList<string>)
                   [
                       task.Name, Rate(task.Recovery!.Rate), Rate(task.Recovery.AboveChance), task.Recovery.WithinTolerance ? "yes" : "no",
                       .. baseline ? new[] { Rate(Find(last.WithoutTeacher, task.Name)?.Recovery?.Rate) } : [],
                   ],
        };
        return Html.Of($"""
            {table.ToHtml()}<p class="note">acc and acc_norm (by the choice’s length in characters) as lm-evaluation-harness computes them; ± is one standard error,
            of a sample of questions. Above chance compares the scores beyond guessing; – if the teacher’s is no better than that. As good: at least
            {Figures.Setting(100 - (100 * report.Spec.Evaluation.Tolerance))} % of the teacher’s score.</p>

            """);
    }

    private static TaskResult? Find(EvaluationResult? result, string name) => result?.Tasks?.FirstOrDefault(task => task.Name == name);

    private static string Rate(Estimate? rate) => rate is null ? "–" : Figures.Measured(rate.Value, rate.StandardError);

    private static string Share(Estimate share) => $"{Figures.Measured(100 * share.Value, 100 * share.StandardError)}\u202F%";
}
