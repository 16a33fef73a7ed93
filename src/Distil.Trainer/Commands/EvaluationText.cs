using System.Globalization;
using Distil.Core.Documents.Evaluations;

namespace Distil.Trainer.Commands;

/// <summary>Formats an evaluation as text: one number per line, followed by its standard error.</summary>
internal static class EvaluationText
{
    private const int Width = 28;

    public static string Of(EvaluationResult result)
    {
        List<string> lines =
        [
            Line("perplexity", result.Student.Perplexity, result.Student.PerplexityStandardError),
            Line("cross-entropy, nats", result.Student.CrossEntropy, result.Student.CrossEntropyStandardError),
            .. Lines(result.Student.Text),
        ];
        if (result is { Teacher: { } teacher, Kl: { } kl, Top1Agreement: { } agreement, PerplexityRatio: { } ratio })
        {
            lines.AddRange(
            [
                Line("teacher's perplexity", teacher.Perplexity, teacher.PerplexityStandardError), Line("ratio", ratio, result.PerplexityRatioStandardError),
                Line("KL to the teacher, nats", kl, result.KlStandardError), Line("same top token", agreement, result.Top1AgreementStandardError),
            ]);
        }

        lines.Add($"{"tokens",-Width} {result.Tokens}");
        lines.AddRange((result.Tasks ?? []).SelectMany(Lines));
        lines.AddRange((result.Recall ?? []).SelectMany(Lines));
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Lines(TextScore? text) => text is null ? [] :
        [Line("word perplexity", text.WordPerplexity), Line("byte perplexity", text.BytePerplexity), Line("bits per byte", text.BitsPerByte)];

    private static IEnumerable<string> Lines(TaskResult task) =>
    [
        .. Lines(task.Name, "", task.Student),
        .. task.Teacher is { } teacher ? Lines(task.Name, "teacher's ", teacher) : [],
        .. task.Recovery?.Rate is { } rate ? new[] { Line($"{task.Name}: recovered", rate) } : [],
    ];

    private static IEnumerable<string> Lines(string task, string whose, TaskScore score) =>
        [Line($"{task}: {whose}acc", score.Acc), Line($"{task}: {whose}acc_norm", score.AccNorm)];

    private static IEnumerable<string> Lines(RecallResult recall)
    {
        var name = $"{recall.Kind.ToString().ToLowerInvariant()} {recall.Length}";
        return [Line(name, recall.Student), .. recall.Teacher is { } teacher ? new[] { Line($"{name}: teacher's", teacher) } : []];
    }

    private static string Line(string name, Estimate estimate) => Line(name, estimate.Value, estimate.StandardError);

    private static string Line(string name, double value, double? error)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{name,-Width} {value:0.0000}");
        return error is null ? line : string.Create(CultureInfo.InvariantCulture, $"{line} ± {error:0.0000}");
    }
}
