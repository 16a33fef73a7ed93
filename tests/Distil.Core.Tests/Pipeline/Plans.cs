using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Models;
using Distil.Core.Runs;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Runs;

namespace Distil.Core.Tests.Pipeline;

internal static class Plans
{
    private static readonly Figure Nothing = new(0, "", "a test");

    /// <summary>The artifacts of a run with an offline teacher, one student and two epochs.</summary>
    public static RunArtifacts Artifacts(string runId, int shards = 1) =>
        new(runId, Of(runId, shards).TeacherOutputs, Offline: true, [StudentVariant.Distilled], Epochs: 2);

    /// <summary>A plan over dataset <c>data</c> and teacher outputs <c>outputs</c>.</summary>
    public static RunPlan Of(string runId, int shards) => new()
    {
        RunId = runId,
        PlannedAt = DateTimeOffset.UnixEpoch,
        DatasetId = "data",
        TeacherOutputsId = "outputs",
        Teacher = Shapes.Teacher(64, 4),
        Student = StudentShape.Of(new StudentSpec(), Shapes.Teacher(64, 4)),
        Shards = [.. Enumerable.Range(0, shards).Select(shard => new ShardSource { Index = shard, Ranges = [], EvalRanges = [], EstimatedTokens = 1 })],
        Epochs = 2,
        Tokens = Nothing,
        Rows = Nothing,
        StepsPerEpoch = Nothing,
        Steps = Nothing,
        TrainableParameters = Nothing,
        FrozenParameters = Nothing,
        TotalParameters = Nothing,
        DatasetBytes = Nothing,
        TeacherOutputsBytes = Nothing,
        CheckpointBytes = Nothing,
    };

    /// <summary>The request of a job of the plan with one shard.</summary>
    public static JobRequest Request(string runId, Artifact makes, string jobId) => new()
    {
        RunId = runId,
        JobId = jobId,
        Makes = makes,
        Definition = new string('0', 64),
        Defined = new JobDefinition
        {
            Spec = new RunSpec { Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] } },
            Teacher = Of(runId, 1).Teacher,
            TeacherLocation = new ModelLocation { Folder = "/t" },
            Student = Of(runId, 1).Student,
        },
    };
}
