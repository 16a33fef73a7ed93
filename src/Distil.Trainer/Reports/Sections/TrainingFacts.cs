using Distil.Core.Documents.Reports;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>How a student was trained, or of which others it was merged.</summary>
internal static class TrainingFacts
{
    /// <summary>Names and values, in the order of the page.</summary>
    public static IEnumerable<(string, string)> Of(RunReport report) => report.Experts is null ? Training(report) : Merging(report);

    private static IEnumerable<(string, string)> Training(RunReport report)
    {
        var (training, loss) = (report.Spec.Training, report.Spec.Distillation);
        return
        [
            ("Epochs, steps", $"{training.Epochs}, {Figures.Count(report.Training.Steps)}"),
            ("Rows a step", Figures.Count((long)training.BatchSize * training.GradientAccumulation)),
            ("Learning rate", LearningRate(report)),
            ("Divergence", DivergenceName.Of(loss.Divergence)),
            ("α, its weight", Range(loss.Alpha)),
            ("T, temperature", Range(loss.Temperature)),
            ("Alignment", loss.Alignment.Kind == AlignmentKind.None ? "none" : $"{loss.Alignment.Kind}, weight {Figures.Setting(loss.Alignment.Weight)}"),
            ("Teacher’s outputs", report.Spec.Teacher.Mode == TeacherMode.Offline ? "stored once (offline)" : "computed in each step (online)"),
            ("Precision, seed", $"{report.Spec.Training.Precision.ToString().ToLowerInvariant()}, {report.Spec.Seed}"),
        ];
    }

    private static IEnumerable<(string, string)> Merging(RunReport report) =>
    [
        ("Weights", string.Join(" + ", report.Experts!.Select(expert => $"{Figures.Setting(expert.Share)} × {expert.RunId}"))),
        ("Precision, seed", $"{report.Spec.Training.Precision.ToString().ToLowerInvariant()}, {report.Spec.Seed}"),
    ];

    private static string LearningRate(RunReport report)
    {
        var training = report.Spec.Training;
        var course = $"{Figures.Setting(100 * training.WarmupRatio)} % warm-up, then cosine";
        if (training.Stages is not { } stages)
        {
            return $"{Figures.Setting(training.LearningRate)}, {course}";
        }

        var rates = LinearisedRates.Of(stages.Distillation, report.Student.InheritedParameters ?? 0);
        return $"{Figures.Setting(100 * stages.Alignment.Share)} % of the steps {Figures.Setting(stages.Alignment.LearningRate)} (alignment); "
            + $"then {Figures.Setting(rates.Inherited)} for inherited and {Figures.Setting(rates.New)} for new weights, {course}";
    }

    private static string Range(ScheduleSpec schedule) => $"{Figures.Setting(schedule.From)} → {Figures.Setting(schedule.To)}";
}
