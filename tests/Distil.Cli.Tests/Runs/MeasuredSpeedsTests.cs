using Distil.Cli.Runs;
using Distil.Core.Documents.Reports;
using Distil.Core.Logging;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Documents.Reports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Runs;

public sealed class MeasuredSpeedsTests : IDisposable
{
    private readonly TemporaryWorkspace _workspace = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _workspace.Dispose();

    [Fact]
    public async Task The_time_of_a_run_is_that_of_its_stages_at_the_speeds_of_an_earlier_run_of_its_shape_and_nothing_is_said_of_another()
    {
        var (spec, plan) = await PlanAsync(spec => spec);
        var speeds = new MeasuredSpeeds(_workspace.Workspace);
        Assert.Null(speeds.Estimate(spec, plan));

        // A hundredth of the tokens a second in each pass; an evaluation of 7 s.
        var tokens = plan.Tokens.Value;
        await speeds.RecordAsync(spec, plan, Report(tokens, jobs: 1), NullLogger.Instance, Cancel);

        var estimate = speeds.Estimate(spec, plan)!;
        Assert.Contains("takes about 4 min here", estimate, StringComparison.Ordinal);
        Assert.Contains($"teach 2 min at {tokens / 100.0:N0} tokens/s, train 2 min at {tokens / 100.0:N0} tokens/s, evaluate 7 s)", estimate, StringComparison.Ordinal);
        Assert.Contains(SampleReport.Create().RunId, estimate, StringComparison.Ordinal);

        var (twice, itsPlan) = await PlanAsync(spec => spec with { Training = spec.Training with { Epochs = 2 } });
        Assert.Contains("train 4 min", speeds.Estimate(twice, itsPlan)!, StringComparison.Ordinal);

        // The teacher's pass is the same; training another student was not measured.
        var (larger, largerPlan) = await PlanAsync(spec => spec with { Student = spec.Student with { Blocks = 5 } });
        var part = speeds.Estimate(larger, largerPlan)!;
        Assert.Contains("takes about 2 min here (teach 2 min", part, StringComparison.Ordinal);
        Assert.Contains("without train and evaluate", part, StringComparison.Ordinal);

        var (longer, longerPlan) = await PlanAsync(spec => spec with { Dataset = spec.Dataset with { ContextLength = 64 } });
        Assert.Null(speeds.Estimate(longer, longerPlan));
    }

    [Fact]
    public async Task A_pass_of_the_teacher_that_found_shards_made_before_is_no_measurement()
    {
        var (spec, plan) = await PlanAsync(spec => spec);
        var speeds = new MeasuredSpeeds(_workspace.Workspace);
        await speeds.RecordAsync(spec, plan, Report(plan.Tokens.Value, jobs: 0), NullLogger.Instance, Cancel);
        Assert.Contains("without teach", speeds.Estimate(spec, plan)!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_cannot_take_the_speeds_is_said_and_is_no_failure()
    {
        var (spec, plan) = await PlanAsync(spec => spec);
        Directory.CreateDirectory(Path.Combine(_workspace.Workspace.Home, "speeds.json")); // no file can take its place
        var log = new StringWriter();
        await new MeasuredSpeeds(_workspace.Workspace).RecordAsync(spec, plan, Report(plan.Tokens.Value, jobs: 1), new TextLogger(log), Cancel);
        Assert.Contains("could not be stored for later plans", log.ToString(), StringComparison.Ordinal);
    }

    private static RunReport Report(long tokens, int jobs)
    {
        var report = SampleReport.Create();
        return report with
        {
            Dataset = report.Dataset with { TrainTokens = tokens, Shards = 1 },
            Training = report.Training with { Tokens = tokens, Seconds = 100 },
            Timings = [new("teach", jobs, 100), new("train", 1, 120), new("evaluate", 1, 7)],
        };
    }

    private async Task<(RunSpec Spec, RunPlan Plan)> PlanAsync(Func<RunSpec, RunSpec> change)
    {
        var spec = change(RunSpecReader.Read(_workspace.Workspace.RepositoryFile("samples", "quickstart.json")));
        return (spec, await new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(spec, Cancel));
    }
}
