using System.Text;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Specification;

namespace Distil.Trainer.Tests.Jobs;

public sealed class JobProgramTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_jobs_of_a_run_end_in_a_model_and_a_report()
    {
        using var run = new SmallRun();
        Assert.True(run.Plan.Shards.Count > 1);
        await run.PrepareAndTeachAsync();
        foreach (var variant in Enum.GetValues<StudentVariant>())
        {
            for (var epoch = 0; epoch < 2; epoch++)
            {
                SmallRun.Succeeded(await run.DoAsync(JobKind.Train, $"{variant}-train-{epoch}", epoch: epoch, variant: variant));
                SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, $"{variant}-evaluate-{epoch}", epoch: epoch, variant: variant));
            }
        }

        var export = SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));

        var report = await run.Store.ReadJsonAsync<RunReport>(ArtifactLayout.ReportData(run.Plan.RunId), Cancel);
        var output = export.Output!.Value.Deserialize<ExportOutput>(DistilJson.Options)!;
        Assert.Equal(report.Epochs[^1].Distilled.Student.Perplexity, output.StudentPerplexity);
        Assert.All(report.Epochs, epoch => Assert.True(epoch.Distilled.Kl > 0 && epoch.WithoutTeacher is not null));
        var (first, last) = (report.Epochs[0].Distilled, report.Epochs[^1]);
        Assert.Null(first.Tasks);
        Assert.Equal(("days", 5), (last.Distilled.Tasks!.Single().Name, last.Distilled.Tasks!.Single().Questions));
        Assert.NotNull(last.Distilled.TasksWithinTolerance);
        Assert.NotNull(last.WithoutTeacher!.Tasks!.Single().Teacher);
        Assert.Equal([8, 16, 8, 16], last.Distilled.Recall!.Select(result => result.Length));
        Assert.True(last.Distilled.Student.Text!.BitsPerByte.Value > 0);
        Assert.Contains(report.Training.Curves, curve => curve.Kind == CurveKind.Kl);
        Assert.DoesNotContain(report.TrainingWithoutTeacher!.Curves, curve => curve.Kind == CurveKind.Kl);
        Assert.NotEmpty(report.Samples);
        Assert.NotEmpty(report.KlErrors);
        Assert.All(report.KlErrors, error => Assert.InRange(error.Relative, 0, 1));
        Assert.Equal(["prepare", "teach", "train", "evaluate"], report.Timings.Select(stage => stage.Stage));
        Assert.True(report.Storage is { TeacherOutputBytes: > 0, CheckpointBytes: > 0, ModelBytes: > 0 });
        Assert.StartsWith("<!doctype html>", Encoding.UTF8.GetString(run[output.Report]));
        Assert.Subset(run.Blobs.ToHashSet(), new[] { "config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "README.md" }.Select(file => output.Model + file).ToHashSet());
        Assert.Contains(ArtifactLayout.JobProgress(run.Plan.RunId, "export"), run.Blobs);
    }

    [Fact]
    public async Task A_job_that_is_asked_for_again_answers_with_its_first_result()
    {
        using var run = new SmallRun();
        var first = SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 0));
        var again = await run.DoAsync(JobKind.Prepare, "prepare", shard: 0);
        Assert.Equal((first.StartedAt, first.EndedAt), (again.StartedAt, again.EndedAt));
    }

    [Fact]
    public async Task A_shard_that_another_run_has_made_is_not_made_again()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 0));
        var tokens = run.Blobs.Single(blob => blob.Contains("/tokens-"));
        await run.Store.DeleteAsync(tokens, Cancel);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-of-another-run", shard: 0));
        Assert.DoesNotContain(tokens, run.Blobs);
    }

    [Fact]
    public async Task A_preempted_epoch_goes_on_to_the_same_weights()
    {
        using var whole = new SmallRun();
        using var torn = new SmallRun();
        await whole.PrepareAndTeachAsync();
        await torn.PrepareAndTeachAsync();
        SmallRun.Succeeded(await whole.DoAsync(JobKind.Train, "train-001", epoch: 0));

        using var stop = new CancellationTokenSource();
        var training = Task.Run(() => torn.DoAsync(JobKind.Train, "train-001", epoch: 0, stop: stop), Cancel);
        SpinWait.SpinUntil(() => training.IsCompleted || torn.Blobs.Any(blob => blob.Contains("/step-000003/manifest")));
        await stop.CancelAsync();
        var first = await training;
        Assert.Equal(FailureClass.Preempted, first.Failure?.Class);
        SmallRun.Succeeded(await torn.DoAsync(JobKind.Train, "train-001-try-2", epoch: 0));

        Assert.Equal(LastWeights(whole), LastWeights(torn));
        var steps = Encoding.UTF8.GetString(torn[ArtifactLayout.Metrics(torn.Plan.RunId, StudentVariant.Distilled)]).Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, steps.Length), steps.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("globalStep").GetInt32()));
    }

    [Fact]
    public async Task Bad_input_is_a_failure_that_names_it()
    {
        using var run = new SmallRun();
        File.Delete(run.Spec.Dataset.Sources[0]);
        var result = await run.DoAsync(JobKind.Prepare, "prepare");
        Assert.Equal(FailureClass.InvalidInput, result.Failure?.Class);
        Assert.Contains(run.Spec.Dataset.Sources[0], result.Failure!.Message);
        Assert.Contains(ArtifactLayout.JobResult(run.Plan.RunId, "prepare"), run.Blobs);
    }

    private static byte[] LastWeights(SmallRun run) =>
        run[run.Blobs.Where(blob => blob.EndsWith("/weights.safetensors")).Order(StringComparer.Ordinal).Last()];
}
