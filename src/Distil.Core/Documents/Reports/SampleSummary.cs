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

/// <summary>How likely the teacher finds each model's greedy continuations of held-out beginnings, as its mean ln p of a token. A student can find a text as
/// likely as its teacher does, and still continue it with what the teacher finds unlikely.</summary>
/// <param name="Prompts">Number of beginnings.</param>
/// <param name="MaxTokens">Largest number of tokens of a continuation.</param>
/// <param name="Teacher">Of its own continuations; null if all ended at once, as for the others.</param>
/// <param name="Student">Of the student's.</param>
/// <param name="WithoutTeacher">Of those of the student trained without the teacher; null if the run had none.</param>
/// <param name="Truth">Of the held-out text itself.</param>
public sealed record GreedyLikelihood(
    int Prompts, int MaxTokens, double? Teacher = null, double? Student = null, double? WithoutTeacher = null, double? Truth = null);
