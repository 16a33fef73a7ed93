using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Jobs;

/// <summary>A job as its other processes read it. Only the job's own process uses the storage; the others read files of this machine.</summary>
internal sealed record RankWork
{
    /// <value>The job's request.</value>
    public required JobRequest Request { get; init; }

    /// <value>What the request's definition names.</value>
    public required JobDefinition Definition { get; init; }

    /// <value>The teacher's local folder.</value>
    public required string TeacherFolder { get; init; }

    /// <value>The files of a train job; null for another.</value>
    public TrainingFiles? Training { get; init; }

    /// <value>The file of rows of a teach job; null for another.</value>
    public string? Rows { get; init; }

    /// <value>The files of an evaluate job; null for another.</value>
    public EvaluationFiles? Evaluation { get; init; }

    /// <summary>The work of a job.</summary>
    public static RankWork Of(JobContext job) => new() { Request = job.Request, Definition = job.Request.Defined!, TeacherFolder = job.TeacherFolder };

    /// <summary>Reads a work.</summary>
    public static RankWork Read(byte[] content)
    {
        var work = JsonSerializer.Deserialize<RankWork>(content, DistilJson.Options)!;
        return work with { Request = work.Request with { Defined = work.Definition } };
    }

    /// <summary>Writes the work.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DistilJson.Options);
}

/// <summary>Local files of a train job.</summary>
/// <param name="Shards">The files of each shard; they come and go.</param>
/// <param name="Folder">The job's folder, for files of the processes.</param>
/// <param name="WithTargets">Whether the training reads stored teacher outputs.</param>
/// <param name="Checkpoint">The checkpoint's folder; null to start from the beginning.</param>
internal sealed record TrainingFiles(IReadOnlyList<ShardCopy> Shards, string Folder, bool WithTargets, string? Checkpoint = null);

/// <summary>Local files of an evaluate job.</summary>
/// <param name="Rows">Files with the held-out rows.</param>
/// <param name="Checkpoint">The folder of the weights to evaluate.</param>
internal sealed record EvaluationFiles(IReadOnlyList<string> Rows, string Checkpoint);
