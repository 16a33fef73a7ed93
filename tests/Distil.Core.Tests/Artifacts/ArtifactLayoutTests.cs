using System.Reflection;
using Distil.Core.Artifacts;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Artifacts;

public sealed class ArtifactLayoutTests
{
    [Fact]
    public void Names_are_those_of_the_design()
    {
        Assert.Equal("datasets/d1/manifest.json", ArtifactLayout.DatasetManifest("d1"));
        Assert.Equal("datasets/d1/tokens-00000.bin", ArtifactLayout.TrainTokens("d1", 0));
        Assert.Equal("teacher-outputs/t1/manifest.json", ArtifactLayout.TeacherOutputsManifest("t1"));
        Assert.Equal("runs/r/jobs/train-001/request.json", ArtifactLayout.JobRequest("r", "train-001"));
        Assert.Equal("runs/r/checkpoints/epoch-001/step-000400/x", ArtifactLayout.Checkpoint("r", StudentVariant.Distilled, 0, 400, "x"));
        Assert.Equal("runs/r/metrics.jsonl", ArtifactLayout.Metrics("r", StudentVariant.Distilled));
        Assert.Equal("runs/r/reports/epoch-001.json", ArtifactLayout.EpochReport("r", StudentVariant.Distilled, 0));
        Assert.Equal("runs/r/reports/report.html", ArtifactLayout.Report("r"));
        Assert.Equal("runs/r/model/config.json", ArtifactLayout.ModelFile("r", StudentVariant.Distilled, "config.json"));
    }

    [Fact]
    public void No_two_things_share_a_name()
    {
        var names = typeof(ArtifactLayout).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .SelectMany(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(StudentVariant))
                ? Enum.GetValues<StudentVariant>().Select(student => Call(method, student))
                : [Call(method, StudentVariant.Distilled)])
            .ToList();
        Assert.True(names.Count > 20);
        Assert.Distinct(names);
    }

    private static string Call(MethodInfo method, StudentVariant student) =>
        (string)method.Invoke(null, [.. method.GetParameters().Select(parameter => parameter.ParameterType switch
        {
            var type when type == typeof(StudentVariant) => (object)student,
            var type when type == typeof(string) => "x",
            var type when type == typeof(long) => 1L,
            _ => 1,
        })])!;
}
