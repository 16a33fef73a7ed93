using System.Text.Json;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Artifacts.Kinds;

/// <summary>Names, leases, ids and JSON of the artifacts: stored runs rely on them.</summary>
public sealed class ArtifactTests
{
    private static readonly RunArtifacts Run =
        new("run", new TeacherOutputs("t", new Dataset("d", Shards: 3)), Offline: true, [StudentVariant.Distilled, StudentVariant.WithoutTeacher], Epochs: 2);

    public static TheoryData<string, int, string, string, string> Parts => new()
    {
        { "dataset", 2, "prepare-00002", "datasets/d/shard-00002.json", "datasets/d/shard-00002.json.claim" },
        { "teacherOutputs", 0, "teach-00000", "teacher-outputs/t/shard-00000.json", "teacher-outputs/t/shard-00000.json.claim" },
        { "weights", 0, "train-002", "runs/run/checkpoints/epoch-002/", "runs/run/checkpoints.claim" },
        { "baseline", 0, "baseline-train-001", "runs/run/baseline/checkpoints/epoch-001/", "runs/run/baseline/checkpoints.claim" },
        { "evaluation", 0, "evaluate-002", "runs/run/reports/epoch-002.json", "runs/run/reports/epoch-002.json.claim" },
        { "report", 0, "export", "runs/run/reports/report.json", "runs/run/reports/report.html.claim" },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_has_the_job_the_document_and_the_lease_that_it_always_had(string artifact, int part, string job, string closing, string lease)
    {
        var made = Of(artifact).PartAt(part);
        Assert.Equal((job, closing, lease), (made.JobId, made.Closing, made.Lease));
    }

    [Theory]
    [InlineData("dataset", """{"kind":"dataset","shards":3,"id":"d"}""")]
    [InlineData("teacherOutputs", """{"kind":"teacherOutputs","dataset":{"shards":3,"id":"d"},"id":"t"}""")]
    [InlineData("weights", """{"kind":"weights","run":RUN,"student":"distilled","epoch":1}""")]
    [InlineData("evaluation", """{"kind":"evaluation","run":RUN,"student":"distilled","epoch":1}""")]
    [InlineData("report", """{"kind":"report","run":RUN}""")]
    public void Its_JSON_has_what_it_is_constructed_from_and_nothing_else(string artifact, string expected)
    {
        const string RunJson = """{"runId":"run","teacherOutputs":{"dataset":{"shards":3,"id":"d"},"id":"t"},"offline":true,"students":["distilled","withoutTeacher"],"epochs":2}""";
        var json = JsonSerializer.Serialize(Of(artifact), DistilJson.Options);
        Assert.Equal(expected.Replace("RUN", RunJson, StringComparison.Ordinal), json);
        var read = JsonSerializer.Deserialize<Artifact>(json, DistilJson.Options)!;
        Assert.Equal(json, JsonSerializer.Serialize(read, DistilJson.Options));
        Assert.Equal(Of(artifact).PartAt(0).JobId, read.PartAt(0).JobId);
    }

    [Theory]
    [InlineData("teacherOutputs", "datasets/d/tokens-00002.bin", "datasets/d/manifest.json", 2)]
    [InlineData("weights", "datasets/d/manifest.json", "datasets/d/manifest.json", null)]
    [InlineData("weights", "teacher-outputs/t/shard-00001.bin", "teacher-outputs/t/manifest.json", 1)]
    [InlineData("weights", "runs/run/checkpoints/epoch-001/step-000003/weights.safetensors", "runs/run/checkpoints/epoch-001/", 0)]
    [InlineData("evaluation", "runs/run/checkpoints/epoch-002/", "runs/run/checkpoints/epoch-002/", 0)]
    [InlineData("report", "runs/run/baseline/reports/epoch-001.json", "runs/run/baseline/reports/epoch-001.json", 0)]
    public void A_blob_is_found_among_the_inputs(string artifact, string blob, string closing, int? part)
    {
        var input = Of(artifact).FindInput(blob)!;
        Assert.Equal((closing, part), (input.Artifact.Closing, input.Part));
    }

    [Theory]
    [InlineData("teacherOutputs", "teacher-outputs/t/shard-00001.bin")]
    [InlineData("baseline", "teacher-outputs/t/shard-00001.bin")]
    [InlineData("weights", "runs/run/checkpoints/epoch-002/step-000003/weights.safetensors")]
    [InlineData("evaluation", "runs/other/checkpoints/epoch-002/")]
    public void What_an_artifact_does_not_need_is_none_of_its_inputs(string artifact, string blob) => Assert.Null(Of(artifact).FindInput(blob));

    private static Artifact Of(string artifact) => artifact switch
    {
        "dataset" => Run.Dataset,
        "teacherOutputs" => Run.TeacherOutputs,
        "weights" => Run.Weights(StudentVariant.Distilled, 1),
        "baseline" => Run.Weights(StudentVariant.WithoutTeacher, 0),
        "evaluation" => Run.Evaluation(StudentVariant.Distilled, 1),
        _ => Run.Report(),
    };
}
