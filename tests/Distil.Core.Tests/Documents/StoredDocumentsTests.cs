using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;

namespace Distil.Core.Tests.Documents;

/// <summary>Documents that the jobs of an earlier release stored (with shortened curves) can be read, and are written again byte for byte.</summary>
public sealed class StoredDocumentsTests
{
    [Fact]
    public void A_report_is_what_it_was()
    {
        var report = Same<RunReport>("report.json");
        Assert.Equal((2, 2.0), (report.Epochs.Count, report.Spec.Distillation.Temperature.From));
        Assert.NotNull(report.TrainingWithoutTeacher);
        Assert.Null(report.Training.Operations);
    }

    [Fact]
    public void An_evaluation_is_what_it_was() => Assert.NotEmpty(Same<EvaluationResult>("epoch-002.json").Recall!);

    [Theory]
    [InlineData("metrics.jsonl", true)]
    [InlineData("baseline-metrics.jsonl", false)]
    public void A_line_of_metrics_is_what_it_was(string name, bool withTeacher)
    {
        foreach (var line in File.ReadLines(PathOf(name)))
        {
            var step = JsonSerializer.Deserialize<StepMetrics>(line, DistilJson.Options)!;
            Assert.Equal(withTeacher, step.Kl is not null);
            Assert.Equal(line, JsonSerializer.Serialize(step, DistilJson.Options));
        }
    }

    [Fact]
    public void The_output_of_each_kind_of_job_is_what_it_was()
    {
        Assert.Equal(0, Output<DatasetShard>("result-prepare.json").Index);
        Assert.True(Output<TeacherOutputsShard>("result-teach.json").Rows > 0);
        Assert.Equal(50, Output<TrainOutput>("result-train.json").Steps);
        Assert.True(Output<EvaluationResult>("result-evaluate.json").Kl > 0);
        Assert.NotEmpty(Output<ExportOutput>("result-export.json").ModelFiles);
    }

    [Fact]
    public void What_a_newer_release_adds_is_ignored()
    {
        Assert.Equal(2, Read<RunReport>(Added("report.json")).Epochs.Count);
        Assert.True(Read<EvaluationResult>(Added("epoch-002.json")).Rows > 0);
        Assert.Equal(0, Read<StepMetrics>("{\"new\":1," + File.ReadLines(PathOf("metrics.jsonl")).First()[1..]).GlobalStep);

        static string Added(string name) => "{\"new\":1," + File.ReadAllText(PathOf(name)).TrimStart()[1..];
    }

    private static T Same<T>(string name)
    {
        var text = File.ReadAllText(PathOf(name));
        var document = Read<T>(text);
        Assert.Equal(text, JsonSerializer.Serialize(document, DistilJson.Indented));
        return document;
    }

    private static TOutput Output<TOutput>(string name)
        where TOutput : class
    {
        var result = Same<JobResult>(name);
        var output = result.ReadOutput<TOutput>()!;
        Assert.Equal(JsonSerializer.Serialize(result.Output, DistilJson.Options), JsonSerializer.Serialize(output, DistilJson.Options));
        return output;
    }

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, DistilJson.Options)!;

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "documents", name);
}
