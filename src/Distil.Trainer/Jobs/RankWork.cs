using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;

namespace Distil.Trainer.Jobs;

/// <summary>A job as its other processes read it. Only the job's own process uses the storage; the others read files of this machine.</summary>
internal sealed record RankWork
{
    /// <value>The job's request.</value>
    public required JobRequest Request { get; init; }

    /// <value>The teacher's local folder.</value>
    public required string TeacherFolder { get; init; }

    /// <value>The files of a train job; null for another.</value>
    public TrainingFiles? Training { get; init; }

    /// <value>The file of rows of a teach job; null for another.</value>
    public string? Rows { get; init; }

    /// <value>The files of an evaluate job; null for another.</value>
    public EvaluationFiles? Evaluation { get; init; }

    /// <summary>The work of a job.</summary>
    public static RankWork Of(JobContext job) => new() { Request = job.Request, TeacherFolder = job.TeacherFolder };

    /// <summary>Reads a work.</summary>
    public static RankWork Read(byte[] content) => JsonSerializer.Deserialize<RankWork>(content, DistilJson.Options)!;

    /// <summary>Writes the work.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DistilJson.Options);
}

/// <summary>Local files of a train job.</summary>
/// <param name="Rows">The training rows of each shard; null for a shard without rows.</param>
/// <param name="Targets">The teacher's outputs of each shard; null if the training reads none.</param>
/// <param name="Checkpoint">The checkpoint's folder; null to start from the beginning.</param>
/// <param name="Folder">The job's folder, for files of the processes.</param>
internal sealed record TrainingFiles(IReadOnlyList<string?> Rows, string Folder, IReadOnlyList<string?>? Targets = null, string? Checkpoint = null);

/// <summary>Local files of an evaluate job.</summary>
/// <param name="Rows">Files with the held-out rows.</param>
/// <param name="Checkpoint">The folder of the weights to evaluate.</param>
internal sealed record EvaluationFiles(IReadOnlyList<string> Rows, string Checkpoint);
