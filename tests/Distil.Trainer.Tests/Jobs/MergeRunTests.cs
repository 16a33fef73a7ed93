using System.Net;
using System.Text;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Runs whose student is the weighted mean of other runs' students.</summary>
/// <param name="experts">Two linearised students that have trained; a test finds them as they were.</param>
public sealed class MergeRunTests(TrainedExperts experts) : IClassFixture<TrainedExperts>, IDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => experts.Restore();

    [Fact]
    public async Task Ends_with_a_report_and_a_model_that_is_the_mean_of_its_experts()
    {
        var (a, b) = (experts.First, experts.Second);
        using var run = Merging(a, (a, 0.25), (b, 0.75));
        await run.PrepareAndTeachAsync();
        Assert.True(SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge")).ReadOutput<MergeOutput>()!.Made);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate"));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));

        AssertIsMean(Weights(run), (Weights(a), 0.25f), (Weights(b), 0.75f));
        var report = await run.Store.ReadJsonAsync<RunReport>(ArtifactLayout.ReportData(run.Plan.RunId), Cancel);
        Assert.Equal([new(a.Plan.RunId, 0.25), new(b.Plan.RunId, 0.75)], report.Experts!); // these runs have no report
        Assert.Equal((0, 0, 1), (report.Training.Steps, report.Storage.TeacherOutputBytes, report.Epochs.Count));
        Assert.NotNull(report.Epochs[0].Distilled.Branches);
        var page = Encoding.UTF8.GetString(run[ArtifactLayout.Report(run.Plan.RunId)]);
        Assert.Contains(WebUtility.HtmlEncode($"0.25 × {a.Plan.RunId} + 0.75 × {b.Plan.RunId}"), page, StringComparison.Ordinal);
        Assert.DoesNotContain("Training curves", page, StringComparison.Ordinal);
        Assert.Contains($"- 25.0 % of {a.Plan.RunId}", Encoding.UTF8.GetString(run[ArtifactLayout.ModelFile(run.Plan.RunId, StudentVariant.Distilled, "README.md")]));
    }

    [Fact]
    public async Task Equal_students_merged_are_that_student()
    {
        using var a = await TrainedExperts.TrainAsync(seed: 1, StudentKind.Xlstm);
        using var b = await TrainedExperts.TrainAsync(seed: 1, StudentKind.Xlstm, beside: a);
        using var c = await TrainedExperts.TrainAsync(seed: 1, StudentKind.Xlstm, beside: a);
        using var run = Merging(a, (a, null), (b, null), (c, null)); // thirds
        SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge"));
        Assert.Equal(Values(Weights(a)), Values(Weights(run)));
    }

    [Fact]
    public async Task What_is_made_is_not_made_again_and_what_was_cut_off_is_made_to_the_same_bytes()
    {
        var (a, b) = (experts.First, experts.Second);
        using var run = Merging(a, (a, 0.25), (b, 0.75));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge"));
        var (weights, made) = (BlobOf(run, "weights.safetensors"), Weights(run));
        Assert.False(SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge-try-2")).ReadOutput<MergeOutput>()!.Made);
        Assert.Equal(1, run.Writes(weights));

        await run.Store.DeleteAsync(BlobOf(run, "manifest.json"), Cancel); // as if the process had ended before it
        SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge-try-3"));
        Assert.Equal(made, Weights(run));

        run[weights] = new byte[made.Length];
        var damaged = await run.DoAsync(JobKind.Evaluate, "evaluate");
        Assert.Equal(FailureClass.MissingInput, damaged.Failure!.Class);
        Assert.Equal(run.Artifacts.Weights(StudentVariant.Distilled, 0).Closing, damaged.Missing![0].Artifact.Closing);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Merge, "merge-again-1", rebuild: true));
        Assert.Equal(made, Weights(run));
    }

    [Fact]
    public async Task Experts_whose_weights_went_or_were_replaced_after_the_plan_are_refused()
    {
        var (a, b) = (experts.First, experts.Second);
        using var run = Merging(a, (a, 0.25), (b, 0.75));
        var state = BlobOf(b, "state.json");
        var intact = b[state];

        b[state] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(intact).Replace("\"seed\": 2", "\"seed\": 3", StringComparison.Ordinal));
        AssertRefuses(await run.DoAsync(JobKind.Merge, "merge-1"), $"merge.experts: the weights of {b.Plan.RunId} are missing or damaged: {state}: this blob has SHA-256");

        await run.Store.DeleteAsync(BlobOf(b, "manifest.json"), Cancel);
        AssertRefuses(await run.DoAsync(JobKind.Merge, "merge-2"), "has no whole checkpoint of the epoch's end");
    }

    private static void AssertRefuses(JobResult result, string message)
    {
        Assert.Equal((FailureClass.InvalidInput, null), (result.Failure!.Class, result.Missing));
        Assert.Contains(message, result.Failure.Message, StringComparison.Ordinal);
    }

    private static void AssertIsMean(byte[] merged, (byte[] Weights, float Share) one, (byte[] Weights, float Share) other)
    {
        var (sum, a, b) = (Values(merged), Values(one.Weights), Values(other.Weights));
        Assert.Equal(a.Keys.Order(), sum.Keys.Order());
        Assert.NotEqual(a, b);
        foreach (var (name, values) in sum)
        {
            Assert.Equal(a[name].Zip(b[name], (x, y) => (float)(((double)one.Share * x) + ((double)other.Share * y))), values);
        }
    }

    private static Dictionary<string, float[]> Values(byte[] weights)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, weights);
            using var file = SafetensorsFile.Open(path);
            using var scope = NewDisposeScope();
            return file.Entries.Keys.ToDictionary(name => name, name => file.Read(name, ScalarType.Float32).data<float>().ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Weights(SmallRun run) => run[BlobOf(run, "weights.safetensors")];

    private static string BlobOf(SmallRun run, string file) => run.Blobs.Single(
        blob => blob.StartsWith(ArtifactLayout.Checkpoints(run.Plan.RunId, StudentVariant.Distilled), StringComparison.Ordinal) && blob.EndsWith(file, StringComparison.Ordinal));

    private static SmallRun Merging(SmallRun beside, params (SmallRun Run, double? Weight)[] experts) => new(
        spec => TrainedExperts.Shaped(spec, beside.Spec.Student.Kind) with
        {
            Distillation = new(),
            Training = new() { Epochs = 1, BatchSize = 4 },
            Merge = new() { Experts = [.. experts.Select(expert => new ExpertSpec { Run = expert.Run.Plan.RunId, Weight = expert.Weight })] },
        },
        beside);
}
