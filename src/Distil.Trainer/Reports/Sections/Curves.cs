using Distil.Core.Documents.Reports;
using Distil.Core.Specification;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The logged metrics of the training, step by step; both trainings share a chart if both have the quantity.</summary>
internal static class Curves
{
    public static Html Of(RunReport report) => report.Experts is not null ? Html.None : Html.Of($"""
        <section id="curves"><h2>Training curves</h2>
        {Making(report)}
        <div class="charts">
        {Enum.GetValues<CurveKind>().Select(kind => Chart(report, kind))}</div>
        </section>

        """);

    private static Html Making(RunReport report)
    {
        var steps = report.Training.Curves.Concat(report.TrainingWithoutTeacher?.Curves ?? []).Select(curve => curve.StepsPerPoint).DefaultIfEmpty(1).Max();
        return steps == 1 ? Html.None : Html.Of($"""
            <p class="note">A point is the mean of {steps} logged steps, in a band from the smallest to the largest value; for α, T and the learning rate it is
            the largest value. Nothing else is smoothed. A step with far fewer tokens than the others, the last of a shard, is left out.</p>
            """);
    }

    /// <summary>A mean would flatten the peaks of a schedule, which has no noise to average.</summary>
    private static bool IsSchedule(CurveKind kind) => kind is CurveKind.Alpha or CurveKind.Temperature or CurveKind.LearningRate;

    private static IReadOnlyList<CurvePoint> Highest(Curve curve) =>
        [.. curve.Points.Select(point => new CurvePoint(point.Step, point.Most, point.Most, point.Most))];

    private static Html Chart(RunReport report, CurveKind kind)
    {
        (ChartRole Role, Curve? Curve)[] both =
            [(ChartRole.Distilled, Find(report.Training, kind)), (ChartRole.WithoutTeacher, Find(report.TrainingWithoutTeacher, kind))];
        var curves = both.Where(found => found.Curve is { Points.Count: > 0 }).ToArray();
        if (curves.Length == 0)
        {
            return Html.None;
        }

        var (title, unit, wide) = Words(kind, report.Spec.Distillation.Divergence);
        var chart = new Chart(title, "optimiser step", unit)
        {
            Series = [.. curves.Select(found => new ChartSeries(found.Role, IsSchedule(kind) ? Highest(found.Curve!) : found.Curve!.Points))],
            MayBeLogarithmic = wide,
        };
        return chart.ToHtml((int)kind);
    }

    private static Curve? Find(TrainingSummary? training, CurveKind kind) => training?.Curves.FirstOrDefault(curve => curve.Kind == kind);

    private static (string Title, string Unit, bool Wide) Words(CurveKind kind, DivergenceSpec divergence) => kind switch
    {
        CurveKind.Loss => ("Loss, the weighted sum", "nats a token", true),
        CurveKind.CrossEntropy => ("Cross-entropy (CE)", "nats a token", true),
        CurveKind.Kl => (
            $"{DivergenceName.Of(divergence)}, at the step’s T", divergence.Kind == DivergenceKind.TotalVariation ? "probability" : "nats a token", true),
        CurveKind.Alignment => ("Alignment of hidden states", "distance", true),
        CurveKind.Alpha => ("α, the weight of the divergence", "weight", false),
        CurveKind.Temperature => ("T, the temperature of the divergence", "temperature", false),
        CurveKind.LearningRate => ("Learning rate", "rate", false),
        CurveKind.GradientNorm => ("Gradient norm before clipping", "norm", true),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no words"),
    };
}
