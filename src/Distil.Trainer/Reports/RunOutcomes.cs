namespace Distil.Trainer.Reports;

/// <summary>One beginning and how each model goes on.</summary>
public sealed record SampleSummary
{
    /// <value>What every model was given.</value>
    public required string Prompt { get; init; }

    /// <value>How the text really goes on; null where the user wrote the prompt.</value>
    public string? Truth { get; init; }

    /// <value>The teacher's continuation.</value>
    public required string Teacher { get; init; }

    /// <value>The distilled student's.</value>
    public required string Student { get; init; }

    /// <value>That of the student trained without the teacher; null where the run had none.</value>
    public string? WithoutTeacher { get; init; }
}

/// <summary>What a run stored.</summary>
public sealed record StorageSummary
{
    /// <value>The dataset's shards, in bytes.</value>
    public required long DatasetBytes { get; init; }

    /// <value>The teacher's outputs, in bytes; 0 where the teacher ran online.</value>
    public required long TeacherOutputBytes { get; init; }

    /// <value>Bytes of teacher output for a token, mean; null where the teacher ran online.</value>
    public double? TeacherOutputBytesPerToken { get; init; }

    /// <value>Tokens kept for a position, mean; null where the teacher ran online.</value>
    public double? MeanKeptTokens { get; init; }

    /// <value>Share of positions where maxTokens cut the nucleus, 0–1; null where the teacher ran online.</value>
    public double? CappedShare { get; init; }

    /// <value>All checkpoints, in bytes.</value>
    public required long CheckpointBytes { get; init; }

    /// <value>The finished model's folder, in bytes.</value>
    public required long ModelBytes { get; init; }
}

/// <summary>Time that a stage took.</summary>
/// <param name="Stage">For instance <c>train</c>.</param>
/// <param name="Jobs">Jobs in it.</param>
/// <param name="Seconds">Their time added up; jobs side by side each count.</param>
public sealed record StageTiming(string Stage, int Jobs, double Seconds);

/// <summary>Something that the run left behind.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Location">Blob name or path.</param>
public sealed record ArtifactLink(string Name, string Location);
