namespace Distil.Core.Documents.Reports;

/// <summary>A prompt and its continuation by each model.</summary>
public sealed record SampleSummary
{
    /// <value>The text that every model was given.</value>
    public required string Prompt { get; init; }

    /// <value>The continuation in the held-out text; null if the user wrote the prompt.</value>
    public string? Truth { get; init; }

    /// <value>The teacher's continuation.</value>
    public required string Teacher { get; init; }

    /// <value>The distilled student's continuation.</value>
    public required string Student { get; init; }

    /// <value>The continuation by the student trained without the teacher; null if the run had none.</value>
    public string? WithoutTeacher { get; init; }
}
