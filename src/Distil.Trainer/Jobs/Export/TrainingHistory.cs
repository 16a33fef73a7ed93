using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Documents.Reports;
using Distil.Core.Specification;
using Distil.Trainer.Metrics;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Summarises a student's training from its <c>metrics.jsonl</c>.</summary>
internal static class TrainingHistory
{
    private static readonly (CurveKind Kind, Func<StepMetrics, double?> Value)[] Quantities =
    [
        (CurveKind.Loss, step => step.Loss), (CurveKind.CrossEntropy, step => step.CrossEntropy), (CurveKind.Kl, step => step.Kl),
        (CurveKind.Alignment, step => step.Alignment), (CurveKind.Alpha, step => step.Alpha), (CurveKind.Temperature, step => step.Temperature),
        (CurveKind.LearningRate, step => step.LearningRate), (CurveKind.GradientNorm, step => step.GradientNorm),
    ];

    /// <summary>Reads and thins the metrics.</summary>
    public static async Task<TrainingSummary> ReadAsync(JobContext job, StudentVariant student, JobHistory history)
    {
        var blob = ArtifactLayout.Metrics(job.Request.RunId, student);
        var path = Path.Combine(job.Folder, $"metrics-{student}.jsonl");
        await File.WriteAllTextAsync(path, await job.Store.TryReadTextAsync(blob, job.Stop) ?? "", job.Stop);
        return Summarise([.. MetricsLog.Read(path)], history.PeakTrainingMemory(student)) with
        {
            Operations = history.Operations(student),
            PeakDeviceMemoryBytes = history.PeakDeviceMemory(student),
        };
    }

    internal static TrainingSummary Summarise(IReadOnlyList<StepMetrics> steps, long? peakMemoryBytes)
    {
        // The last step of a shard has what is left of its rows: what is measured of few rows stands out from the others for no reason.
        var usual = steps.Select(step => step.Tokens).DefaultIfEmpty().Average();
        var whole = steps.Where(step => step.Tokens >= 0.8 * usual).ToList();
        return new TrainingSummary
        {
            Steps = steps.Count,
            Tokens = steps.Sum(step => step.Tokens),
            Seconds = steps.Sum(step => step.TokensPerSecond > 0 ? step.Tokens / step.TokensPerSecond : 0),
            PeakMemoryBytes = peakMemoryBytes,
            AlignmentLosses = Alignment(steps),
            Curves = [.. from quantity in Quantities
                         let values = Values(whole, quantity.Value)
                         where values.Count > 0
                         select Curve.Thin(quantity.Kind, values)],
        };
    }

    private static IReadOnlyList<LayerAlignment>? Alignment(IReadOnlyList<StepMetrics> steps)
    {
        var aligned = steps.Where(step => step.LayerLosses is not null).Select(step => step.LayerLosses!).ToList();
        return aligned.Count == 0 ? null : [.. aligned[0].Zip(aligned[^1], (first, last) => new LayerAlignment(first, last))];
    }

    private static List<(long Step, double Value)> Values(IReadOnlyList<StepMetrics> steps, Func<StepMetrics, double?> value) =>
        [.. from step in steps let found = value(step) where found is not null select (step.GlobalStep + 1, found!.Value)];
}
