using Distil.Core.Artifacts.Kinds;
using Distil.Core.Sources;

namespace Distil.Core.Runs.Planning;

/// <summary>Bytes that may be written, by place: estimates from a run's plan.</summary>
/// <param name="Storage">In the storage.</param>
/// <param name="Cache">In the folder of the jobs' own files and of copies of artifacts.</param>
public sealed record SpaceNeeded(long Storage, long Cache)
{
    /// <summary>Checkpoints on a training job's disk at once: the one from which it resumed, and the one that it saves.</summary>
    public const int CheckpointsOfJob = 2;

    /// <summary>Bytes for logs, metrics and compiled kernels of a job.</summary>
    public const long Reserve = 200_000_000;

    /// <summary>A training job reads one shard and fetches the next one meanwhile.</summary>
    internal const int ShardsAtOnce = 2;

    private const int ModelBytesPerParameter = 4;

    /// <value>No space beyond that for small documents.</value>
    public static SpaceNeeded Nothing { get; } = new(0, 0);

    /// <summary>The space for a job that makes one part of an artifact. Copies of its inputs are not counted.</summary>
    public static SpaceNeeded Of(RunPlan plan, Artifact makes)
    {
        var shards = Math.Max(1, plan.Shards.Count);
        var bytes = makes switch
        {
            Dataset => plan.DatasetBytes.Value / shards,
            TeacherOutputs => plan.TeacherOutputsBytes.Value / shards,
            Weights => Checkpoint(plan),
            Report => Model(plan),
            _ => 0,
        };
        return new SpaceNeeded(bytes, bytes);
    }

    /// <summary>The space for a whole run that finds nothing made before.</summary>
    public static SpaceNeeded OfRun(RunPlan plan)
    {
        var shared = plan.DatasetBytes.Value + plan.TeacherOutputsBytes.Value;
        return new SpaceNeeded(shared + plan.CheckpointBytes.Value + Model(plan), shared + Checkpoint(plan));
    }

    /// <summary>The space on a training job's disk beside copies of shards: the teacher's files if they are fetched, and the job's own.</summary>
    /// <param name="teacher">Location of the teacher; null if it is not known.</param>
    /// <param name="checkpoint">Bytes of a checkpoint.</param>
    public static long BesideShards(ModelLocation? teacher, long checkpoint) =>
        (teacher?.Files.Where(file => SourceCatalog.IsRemote(file.Path)).Sum(file => file.Bytes) ?? 0) + (CheckpointsOfJob * checkpoint) + Reserve;

    /// <summary>The space for copies of shards, with the teacher's outputs, that a training job must have at once.</summary>
    public static long ShardsOfTraining(RunPlan plan) =>
        (long)(BytesPerToken(plan) * plan.Shards.Select(shard => shard.EstimatedTokens).OrderDescending().Take(ShardsAtOnce).Sum());

    /// <summary>Bytes of a token in a shard and its teacher's outputs.</summary>
    internal static double BytesPerToken(RunPlan plan) => (double)(plan.DatasetBytes.Value + plan.TeacherOutputsBytes.Value) / Math.Max(1, plan.Tokens.Value);

    /// <summary>Bytes of a checkpoint.</summary>
    public static long Checkpoint(RunPlan plan) => SizeEstimates.CheckpointBytesPerParameter * plan.TrainableParameters.Value;

    // With the folders for other programs.
    private static long Model(RunPlan plan) => (ModelBytesPerParameter * plan.TotalParameters.Value) + (plan.ExportBytes?.Value ?? 0);
}
