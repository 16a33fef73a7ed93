namespace Distil.Core.Documents.Reports;

/// <summary>Sizes of what a run stored.</summary>
public sealed record StorageSummary
{
    /// <value>The dataset's shards, in bytes.</value>
    public required long DatasetBytes { get; init; }

    /// <value>The teacher's outputs, in bytes; 0 if the teacher ran online.</value>
    public required long TeacherOutputBytes { get; init; }

    /// <value>Mean bytes of teacher outputs per token; null if the teacher ran online.</value>
    public double? TeacherOutputBytesPerToken { get; init; }

    /// <value>Mean tokens stored per position; null if the teacher ran online.</value>
    public double? MeanKeptTokens { get; init; }

    /// <value>Share of positions whose nucleus maxTokens cut, 0–1; null if the teacher ran online.</value>
    public double? CappedShare { get; init; }

    /// <value>All checkpoints, in bytes.</value>
    public required long CheckpointBytes { get; init; }

    /// <value>The finished model's folder, in bytes.</value>
    public required long ModelBytes { get; init; }

    /// <value>The folders for other programs, in bytes; null if there are none.</value>
    public long? ExportBytes { get; init; }
}

/// <summary>Time of a stage.</summary>
/// <param name="Stage">For instance <c>train</c>.</param>
/// <param name="Jobs">Number of jobs, failed attempts included.</param>
/// <param name="Seconds">Sum of the jobs' times, also of jobs that ran in parallel.</param>
public sealed record StageTiming(string Stage, int Jobs, double Seconds);

/// <summary>An artifact of a run.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Location">Blob name or prefix.</param>
public sealed record ArtifactLink(string Name, string Location);
