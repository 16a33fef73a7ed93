using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Pipeline;

/// <summary>What the pipeline must know of a plan, and no more: it is in every history.</summary>
public sealed record PipelineInput
{
    /// <value>The run; its <c>spec.json</c> and <c>plan.json</c> are written before it starts.</value>
    public required string RunId { get; init; }

    /// <value>Content address of the dataset.</value>
    public required string DatasetId { get; init; }

    /// <value>Content address of the teacher's outputs.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>Shards of the dataset, ≥ 1.</value>
    public required int Shards { get; init; }

    /// <value>Whether the teacher's outputs are made before training.</value>
    public required bool Offline { get; init; }

    /// <value>Epochs, ≥ 1.</value>
    public required int Epochs { get; init; }

    /// <value>The students to train, one after the other.</value>
    public required IReadOnlyList<StudentVariant> Students { get; init; }

    /// <value>Most shard jobs at once, ≥ 1.</value>
    public required int Parallelism { get; init; }

    /// <value>Times that a job is tried again, ≥ 0.</value>
    public required int Retries { get; init; }

    /// <value>How often the pipeline asks after a job.</value>
    public Polling Polling { get; init; } = new();

    /// <summary>The pipeline's part of a plan.</summary>
    public static PipelineInput From(RunSpec spec, RunPlan plan) => new()
    {
        RunId = plan.RunId,
        DatasetId = plan.DatasetId,
        TeacherOutputsId = plan.TeacherOutputsId,
        Shards = plan.Shards.Count,
        Offline = spec.Teacher.Mode == TeacherMode.Offline,
        Epochs = spec.Training.Epochs,
        Students = spec.Evaluation.Baseline ? [StudentVariant.Distilled, StudentVariant.WithoutTeacher] : [StudentVariant.Distilled],
        Parallelism = spec.Compute.TeachParallelism,
        Retries = spec.Compute.Retries,
    };
}

/// <summary>How often the pipeline asks after a job: a twentieth of the time it has been at work, within these bounds.</summary>
public sealed record Polling
{
    /// <value>Shortest wait, milliseconds. Default 50: a job of a second is not kept waiting.</value>
    public int MinMilliseconds { get; init; } = 50;

    /// <value>Longest wait, milliseconds. Default 30,000: a job of a day costs few questions.</value>
    public int MaxMilliseconds { get; init; } = 30_000;

    /// <summary>The wait after a job has been at work for some time.</summary>
    public TimeSpan After(TimeSpan elapsed) =>
        TimeSpan.FromMilliseconds(Math.Clamp(elapsed.TotalMilliseconds / 20, MinMilliseconds, Math.Max(MinMilliseconds, MaxMilliseconds)));
}
