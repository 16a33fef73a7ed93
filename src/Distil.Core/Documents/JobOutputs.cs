using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;

namespace Distil.Core.Documents;

/// <summary>The output of a train job. The other kinds' are <see cref="DatasetShard"/> (prepare), <see cref="TeacherOutputsShard"/> (teach) and
/// <see cref="EvaluationResult"/> (evaluate).</summary>
public sealed record TrainOutput
{
    /// <value>Optimiser steps since the start of training, ≥ 0.</value>
    public required long Steps { get; init; }

    /// <value>Optimiser steps of this job alone, ≥ 0.</value>
    public required long StepsHere { get; init; }

    /// <value>The process's largest resident memory during this job, in bytes; null if unknown.</value>
    public long? PeakMemoryBytes { get; init; }

    /// <value>How the student's operations were computed; null if unknown.</value>
    public IReadOnlyList<OperationForm>? Operations { get; init; }
}

/// <summary>The output of a merge job.</summary>
/// <param name="Experts">Number of students whose mean was made.</param>
/// <param name="Made">Whether this job made it; false if it existed already.</param>
public sealed record MergeOutput(int Experts, bool Made);

/// <summary>The output of an export job.</summary>
public sealed record ExportOutput
{
    /// <value>Blob of the report, <c>report.html</c>.</value>
    public required string Report { get; init; }

    /// <value>Blob prefix of the model's folder.</value>
    public required string Model { get; init; }

    /// <value>The folder's files.</value>
    public required IReadOnlyList<ArtifactFile> ModelFiles { get; init; }

    /// <value>Where the run did less than was asked, in sentences; null if it did all.</value>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <value>Perplexity of the student on the held-out rows, after the last epoch.</value>
    public required double StudentPerplexity { get; init; }

    /// <value>Perplexity of the teacher on the same rows.</value>
    public required double TeacherPerplexity { get; init; }

    /// <value>Perplexity of the student trained without the teacher; null if the run had none.</value>
    public double? StudentWithoutTeacherPerplexity { get; init; }

    /// <value>The three.</value>
    [JsonIgnore]
    public FinalPerplexity Perplexity => new(StudentPerplexity, TeacherPerplexity, StudentWithoutTeacherPerplexity);
}
