using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Telemetry;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Telemetry;

public sealed class RunTraceTests : IDisposable
{
    private static readonly RunSpec Spec = new()
    {
        Name = "traced",
        Teacher = new TeacherSpec { Path = "/teacher" },
        Dataset = new DatasetSpec { Sources = ["/text"] },
    };

    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public RunTraceTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_run_has_one_trace_whoever_asks_and_whether_anybody_listens()
    {
        var first = await RunTrace.GetOrCreateAsync(_store, "quiet", Cancel);
        using var listening = new Listening();
        Assert.Equal(first, await RunTrace.GetOrCreateAsync(_store, "quiet", Cancel));
        Assert.NotEqual(first.TraceId, (await RunTrace.GetOrCreateAsync(_store, "another", Cancel)).TraceId);
    }

    [Fact]
    public async Task The_trace_begins_below_the_request_that_made_the_run()
    {
        using var listening = new Listening();
        using var request = new Activity("POST /api/runs").Start();
        var trace = await RunTrace.GetOrCreateAsync(_store, "asked-for", Cancel);
        var root = Assert.Single(listening.SpansOf("asked-for"));
        Assert.Equal((request.TraceId, request.SpanId), (root.TraceId, root.ParentSpanId));
        Assert.Equal(root.SpanId, trace.SpanId);
    }

    [Fact]
    public async Task Starts_of_jobs_are_spans_below_it_and_requests_carry_them_and_tries_count()
    {
        using var listening = new Listening();
        var (runId, jobs) = ("traced", new ScriptedJobs(_store));
        await new RunFolder(_store).CreateAsync(Spec, Plans.Of(runId, 1), Cancel);
        var order = new JobSpec { RunId = runId, JobId = "train-001", Makes = Plans.Artifacts(runId).Weights(StudentVariant.Distilled, 0) };
        var activities = new StartJob(_store, jobs, TimeProvider.System);
        foreach (var number in new[] { 1, 2 })
        {
            await activities.RunAsync(new StartInput(order, JobId.Try(order.JobId, number)), Cancel);
        }

        var trace = await RunTrace.GetOrCreateAsync(_store, runId, Cancel);
        var starts = listening.SpansOf(runId).Where(span => span.OperationName == "start train").ToList();
        Assert.Equal([trace.SpanId, trace.SpanId], starts.Select(span => span.ParentSpanId));
        var second = await _store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest(runId, "train-001-try-2"), Cancel);
        Assert.Equal(starts[1].Id, second.TraceParent);
        Assert.NotNull(second.RequestedAt);
        Assert.Contains(listening.Measurements, one => one is { Instrument: "distil.job.retries", Value: 1 } && Equals(one[JobTags.Kind], "train"));
    }
}
