using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>Tokens a second and memory, in training and in decoding.</summary>
internal static class Speed
{
    public static Html Of(RunReport report) => Html.Of($"""
        <section id="speed"><h2>Speed and memory</h2>
        {(report.Experts is null ? Training(report).ToHtml() : Html.None)}{Operations(report)}{(report.Decode.Count == 0 ? Html.None : Decoding(report))}</section>

        """);

    private static Table Training(RunReport report) => new("Training", "", "Steps", "Tokens", "Time", "Tokens a second", "Peak memory")
    {
        Rows = new[] { (ChartRole.Distilled, report.Training), (ChartRole.WithoutTeacher, report.TrainingWithoutTeacher) }
            .Where(row => row.Item2 is not null).Select(row => Row(Paint.NameOf(row.Item1), row.Item2!)),
    };

    private static Html Operations(RunReport report) => report.Training.Operations is not { Count: > 0 } operations ? Html.None : new Table(
        "How the student’s operations were computed in training", "Operation", "Form", "Why no kernel")
    {
        Rows = operations.Select(operation => (IReadOnlyList<string>)[operation.Operation, Name(operation.Form), operation.UnavailableReason ?? "–"]),
    }.ToHtml();

    private static string Name(string form) => form switch
    {
        "cuda" => "CUDA kernel",
        "cpu" => "CPU kernel",
        _ => form,
    };

    private static List<string> Row(string name, TrainingSummary training) =>
    [
        name, Figures.Count(training.Steps), Figures.Count(training.Tokens), Figures.Duration(training.Seconds), Figures.Number(training.TokensPerSecond),
        training.PeakMemoryBytes is { } bytes ? Figures.Bytes(bytes) : "–",
    ];

    private static Html Decoding(RunReport report)
    {
        var table = new Table(
            "Decoding one sequence", "Context, tokens", "Student, tokens a second", "Teacher, tokens a second", "Student’s state", "Teacher’s KV cache")
        {
            Rows = report.Decode.Select(Row),
        };
        return Html.Of($"""
            {table.ToHtml()}<p class="note">Each figure is the median time of a token after that context, for body, head and the choice of the token. State and
            cache are measured after the context.{(report.Decode.Any(row => row.BeyondTeachersContext) ? Longest(report.Teacher) : "")}</p>

            """);
    }

    private static string Longest(TeacherSummary teacher) =>
        teacher.MaxContext is { } most ? $" The teacher’s context is limited to {Figures.Count(most)} tokens; the student has no such limit." : "";

    private static List<string> Row(DecodeComparison row)
    {
        var missing = row.BeyondTeachersContext ? "beyond its context" : "–";
        return
        [
            Figures.Count(row.ContextLength), Figures.Number(row.Student.TokensPerSecond),
            row.Teacher is { } teacher ? Figures.Number(teacher.TokensPerSecond) : missing,
            Figures.Bytes(row.Student.StateBytes), row.Teacher is { } cache ? Figures.Bytes(cache.StateBytes) : missing,
        ];
    }
}
