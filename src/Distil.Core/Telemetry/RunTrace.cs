using System.Diagnostics;
using Distil.Core.Artifacts;

namespace Distil.Core.Telemetry;

/// <summary>The one trace that contains all spans of a run, from any process and host, and after any restart.</summary>
/// <remarks>Stored as a W3C <c>traceparent</c> in <c>runs/{runId}/trace.json</c>: the first caller creates it, below the request that started the
/// run.</remarks>
public static class RunTrace
{
    /// <summary>The span that is the parent of a run's other spans. The first call creates it.</summary>
    public static async Task<ActivityContext> GetOrCreateAsync(ArtifactStore store, string runId, CancellationToken cancel)
    {
        var blob = ArtifactLayout.Trace(runId);
        if (await store.TryReadJsonAsync<RunTraceDocument>(blob, cancel) is not { } trace)
        {
            await store.TryCreateJsonAsync(blob, Begin(runId), cancel);
            trace = await store.ReadJsonAsync<RunTraceDocument>(blob, cancel);
        }

        return Read(trace.TraceParent) ?? throw ArtifactException.Unreadable(
            blob, new FormatException($"traceParent is {trace.TraceParent}; expected a W3C traceparent"));
    }

    /// <summary>Parses the context of a <c>traceparent</c>; null if it is not valid.</summary>
    public static ActivityContext? Read(string? traceParent) => ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : null;

    private static RunTraceDocument Begin(string runId)
    {
        using var root = DistilTelemetry.Source.StartActivity("run", ActivityKind.Producer);
        root?.SetTag(JobTags.Run, runId);
        return new RunTraceDocument(root?.Id ?? Activity.Current?.Id ?? $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01");
    }
}

/// <summary><c>trace.json</c>.</summary>
/// <param name="TraceParent">W3C trace context, level 1: version, trace id, span id, flags.</param>
public sealed record RunTraceDocument(string TraceParent);
