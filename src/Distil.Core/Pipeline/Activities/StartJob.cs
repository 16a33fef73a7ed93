using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Telemetry;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Writes a job's request and starts it.</summary>
public sealed class StartJob(ArtifactStore store, IJobRunner runner, TimeProvider time) : IActivity<StartInput, StartOutput>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "start-job";

    private readonly RunDefinitions _definitions = new(store);

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<StartInput, StartOutput> Name { get; } = new(Id, RetryPolicy.Jobs);

    /// <inheritdoc/>
    public async Task<StartOutput> RunAsync(StartInput input, CancellationToken cancel)
    {
        var spec = input.Spec;
        if (await store.TryReadJsonAsync<JobResult>(ArtifactLayout.JobResult(spec.RunId, input.JobId), cancel) is { } earlier)
        {
            return new StartOutput(StartState.Ended, Result: earlier);
        }

        if (await store.ExistsAsync(ArtifactLayout.Cancel(spec.RunId), cancel))
        {
            return new StartOutput(StartState.Cancelled);
        }

        var trace = await RunTrace.GetOrCreateAsync(store, spec.RunId, cancel);
        using var span = DistilTelemetry.Source.StartActivity($"start {DistilJson.Word(spec.Kind)}", ActivityKind.Producer, trace);
        span?.SetTag(JobTags.Run, spec.RunId).SetTag(JobTags.Job, input.JobId);
        if (input.JobId != spec.JobId)
        {
            JobMeters.Retried(spec.Kind);
        }

        var (plan, definition) = await _definitions.ReadAsync(spec.RunId, cancel);
        var request = new JobRequest
        {
            RunId = spec.RunId,
            JobId = input.JobId,
            Makes = spec.Makes,
            Part = spec.Part,
            Rebuild = spec.Rebuild,
            Definition = definition,
            Source = spec.Makes is Dataset ? plan.Shards[spec.Part] : null,
            RequestedAt = time.GetUtcNow(),
            TraceParent = span?.Id ?? $"00-{trace.TraceId}-{trace.SpanId}-{(byte)trace.TraceFlags:x2}",
        };
        var blob = ArtifactLayout.JobRequest(spec.RunId, input.JobId);

        // A host that died between the start and its journal starts the job again: it finds its request.
        var isFirst = await store.TryCreateJsonAsync(blob, request, cancel);
        if (!isFirst)
        {
            await store.WriteJsonAsync(blob, request, cancel);
        }

        var handle = await runner.StartAsync(spec.Kind, store.UriOf(blob), isFirst, cancel);
        return new StartOutput(StartState.Started, new JobHandle(spec.RunId, input.JobId, handle));
    }
}

/// <summary>The input of <see cref="StartJob"/>.</summary>
/// <param name="Spec">The job.</param>
/// <param name="JobId">Its id at this try.</param>
public sealed record StartInput(JobSpec Spec, string JobId);

/// <summary>The outcome of a start.</summary>
/// <param name="State">Whether the job was started.</param>
/// <param name="Job">The job; null if it was not started.</param>
/// <param name="Result">The result of a job that had ended before; null otherwise.</param>
public sealed record StartOutput(StartState State, JobHandle? Job = null, JobResult? Result = null);

/// <summary>The possible outcomes of a start.</summary>
public enum StartState
{
    /// <summary>The job was started.</summary>
    Started,

    /// <summary>It has a result from before a restart of the pipeline.</summary>
    Ended,

    /// <summary>The run is cancelled.</summary>
    Cancelled,
}

/// <summary>A started job.</summary>
/// <param name="RunId">The run.</param>
/// <param name="JobId">Its id at this try.</param>
/// <param name="Handle">The platform's handle.</param>
public sealed record JobHandle(string RunId, string JobId, string Handle);
