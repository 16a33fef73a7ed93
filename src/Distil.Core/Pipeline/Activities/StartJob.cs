using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Telemetry;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Writes a job's request and starts it.</summary>
public sealed class StartJob(ArtifactStore store, IJobRunner runner, TimeProvider time) : IActivity<StartInput, JobHandle>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "start-job";

    private volatile RunPlan? _latest;

    /// <inheritdoc/>
    public async Task<JobHandle> RunAsync(StartInput input, CancellationToken cancel)
    {
        var order = input.Order;
        var job = new JobHandle(order.RunId, input.JobId, Handle: "");
        if (await store.ExistsAsync(ArtifactLayout.JobResult(order.RunId, input.JobId), cancel))
        {
            return job; // done in an earlier life of the pipeline
        }

        if (await store.ExistsAsync(ArtifactLayout.Cancel(order.RunId), cancel))
        {
            return job; // not wanted any more, as the next question will tell
        }

        var trace = await RunTrace.GetOrCreateAsync(store, order.RunId, cancel);
        using var span = DistilTelemetry.Source.StartActivity($"start {JobTags.Word(order.Kind)}", ActivityKind.Producer, trace);
        span?.SetTag(JobTags.Run, order.RunId).SetTag(JobTags.Job, input.JobId);
        if (input.JobId != order.JobId)
        {
            JobMeters.Retried(order.Kind);
        }

        var plan = await PlanAsync(order.RunId, cancel);
        var request = new JobRequest
        {
            RunId = order.RunId,
            JobId = input.JobId,
            Kind = order.Kind,
            Spec = await store.ReadJsonAsync<RunSpec>(ArtifactLayout.Spec(order.RunId), cancel),
            DatasetId = plan.DatasetId,
            TeacherOutputsId = plan.TeacherOutputsId,
            Shard = order.Shard,
            Epoch = order.Epoch,
            Variant = order.Variant,
            RequestedAt = time.GetUtcNow(),
            TraceParent = span?.Id ?? $"00-{trace.TraceId}-{trace.SpanId}-{(byte)trace.TraceFlags:x2}",
        };
        var blob = ArtifactLayout.JobRequest(order.RunId, input.JobId);
        await store.WriteJsonAsync(blob, request, cancel);
        return job with { Handle = await runner.StartAsync(store.UriOf(blob), cancel) };
    }

    // A plan names every shard and never changes: reading it for each of them would grow with their square.
    private async Task<RunPlan> PlanAsync(string runId, CancellationToken cancel) =>
        _latest is { } plan && plan.RunId == runId ? plan : _latest = await store.ReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel);
}

/// <summary>What <see cref="StartJob"/> needs.</summary>
/// <param name="Order">The job.</param>
/// <param name="JobId">Its id at this try.</param>
public sealed record StartInput(JobSpec Order, string JobId);

/// <summary>A started job.</summary>
/// <param name="RunId">The run.</param>
/// <param name="JobId">Its id at this try.</param>
/// <param name="Handle">The platform's; empty where the job was not started: it had ended before, or its run is cancelled.</param>
public sealed record JobHandle(string RunId, string JobId, string Handle);
