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
    [InlineData("teacherOutputs", "datasets/d/tokens-00003.bin", "datasets/d/manifest.json", null)] // it has three shards
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

    [Theory]
    [InlineData("weights", "datasets/d/manifest.json")]
    [InlineData("dataset", "teacher-outputs/t/shard-00001.json")]
    [InlineData("dataset", "datasets/d/shard-00001.json.claim")]
    public void A_blob_of_something_else_is_in_no_part(string artifact, string blob) => Assert.Null(Of(artifact).FindPart(blob));

    [Theory]
    [InlineData(true, "datasets/d/manifest.json", "teacher-outputs/t/manifest.json")]
    [InlineData(false, "datasets/d/manifest.json")]
    public void A_report_needs_the_shared_artifacts_the_last_weights_and_every_evaluation(bool offline, params string[] shared)
    {
        var report = (Run with { Offline = offline }).Report();
        Assert.Equal(
            [
                .. shared, "runs/run/checkpoints/epoch-002/", "runs/run/baseline/checkpoints/epoch-002/",
                "runs/run/reports/epoch-001.json", "runs/run/reports/epoch-002.json",
                "runs/run/baseline/reports/epoch-001.json", "runs/run/baseline/reports/epoch-002.json",
            ],
            report.Needs.Select(need => need.Closing));
    }

    [Theory]
    [InlineData("runs/run/reports/report.json", true)]
    [InlineData("runs/run/reports/report.html", true)]
    [InlineData("runs/run/model/config.json", true)]
    [InlineData("runs/run/baseline/model/config.json", true)]
    [InlineData("runs/run/reports/epoch-001.json", false)]
    [InlineData("runs/other/reports/report.json", false)]
    public void A_report_contains_its_two_documents_and_the_models(string blob, bool contains) => Assert.Equal(contains, Run.Report().Contains(blob));

    [Theory]
    [InlineData(StudentVariant.Distilled, 0, 0)]
    [InlineData(StudentVariant.Distilled, 1, 1)]
    [InlineData(StudentVariant.WithoutTeacher, 0, 2)]
    [InlineData(StudentVariant.WithoutTeacher, 1, 3)]
    public void The_epochs_of_all_students_are_counted_together(StudentVariant student, int epoch, int before)
    {
        Assert.Equal(((before, 4), (int?)epoch), (Run.Weights(student, epoch).Stage, Run.Weights(student, epoch).StageEpoch));
        Assert.Equal(((before, 4), (int?)epoch), (Run.Evaluation(student, epoch).Stage, Run.Evaluation(student, epoch).StageEpoch));
    }

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
