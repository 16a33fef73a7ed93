using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Runs.Planning;

/// <summary>Bytes that may be written, by place: estimates from a run's plan.</summary>
/// <param name="Storage">In the storage.</param>
/// <param name="Cache">In the folder of the jobs' own files and of copies of artifacts.</param>
public sealed record SpaceNeeded(long Storage, long Cache)
{
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

    private static long Checkpoint(RunPlan plan) => SizeEstimates.CheckpointBytesPerParameter * plan.TrainableParameters.Value;

    // With the folders for other programs.
    private static long Model(RunPlan plan) => (ModelBytesPerParameter * plan.TotalParameters.Value) + (plan.ExportBytes?.Value ?? 0);
}
