using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Distil.Azure.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;

namespace Distil.Azure.ContainerApps;

/// <summary>Runs jobs as executions of Container Apps jobs.</summary>
/// <param name="resources">Azure Resource Manager.</param>
/// <param name="options">The jobs.</param>
/// <param name="time">The clock for delays.</param>
/// <remarks>
/// A handle is the execution's resource id, so any host can use it. If an execution is already running a request, it is found instead of started again: a
/// host that died between start and journal, or a lost response, must not cost a second GPU.
/// </remarks>
public sealed class ContainerAppJobRunner(
    ResourceManagerClient resources, ContainerAppJobOptions options, TimeProvider time) : IJobRunner
{
    private const string Version = "?api-version=2025-07-01";
    private const int MaxStarts = 3;
    private static readonly TimeSpan JobLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StartPause = TimeSpan.FromSeconds(10);

    // By resource id: the job's description, and when it was read. A deployment that changes it is seen within a minute.
    private readonly ConcurrentDictionary<string, (string Json, long ReadAt)> _jobs = new();

    /// <inheritdoc />
    /// <remarks>A first start costs one request: Resource Manager limits how many a principal sends, and a list of executions grows with the run.</remarks>
    public async Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel)
    {
        var job = options.For(kind);
        var template = ExecutionTemplate.For(await DescribeAsync(job, cancel), request)
            ?? throw new ResourceManagerException(null, $"{job} has no container; its template needs one");
        for (var starts = 1; ; starts++)
        {
            if (!(isFirst && starts == 1) && await FindAsync(job, request, cancel) is { } name)
            {
                return $"{job}/executions/{name}";
            }

            try
            {
                var execution = await resources.PostAsync($"{job}/start{Version}", template, once: true, cancel);
                return execution?["name"]?.GetValue<string>() is { Length: > 0 } started
                    ? $"{job}/executions/{started}"
                    : throw new ResourceManagerException(System.Net.HttpStatusCode.OK, $"{job}/start did not name the execution that it started");
            }
            catch (ResourceManagerException lost) when (lost.MayHaveBeenDone && starts < MaxStarts)
            {
                // The list of executions may lag behind the start.
                await Task.Delay(StartPause * starts, time, cancel);
            }
        }
    }

    /// <inheritdoc />
    /// <remarks>Running may be wrong: executions have been seen in that state until their time-out although their container had ended.</remarks>
    public async Task<JobState> PollAsync(string handle, CancellationToken cancel) =>
        await resources.TryGetAsync(handle + Version, cancel) is not { } execution ? JobState.Unknown : StateOf(execution);

    /// <inheritdoc />
    public Task StopAsync(string handle, CancellationToken cancel) =>
        JobStop.RunAsync(resources, handle, $"{handle}/stop{Version}", this, time, cancel);

    private async Task<JsonNode> DescribeAsync(string job, CancellationToken cancel)
    {
        if (!_jobs.TryGetValue(job, out var known) || time.GetElapsedTime(known.ReadAt) >= JobLifetime)
        {
            var found = await resources.TryGetAsync(job + Version, cancel)
                ?? throw new ResourceManagerException(System.Net.HttpStatusCode.NotFound, $"{job} does not exist");
            _jobs[job] = known = (found.ToJsonString(), time.GetTimestamp());
        }

        return JsonNode.Parse(known.Json)!; // a tree of its own: reading one from several threads is not safe
    }

    // The name of the execution that runs a request; null if there is none.
    private async Task<string?> FindAsync(string job, Uri request, CancellationToken cancel)
    {
        await foreach (var execution in resources.ListAsync($"{job}/executions{Version}", cancel))
        {
            if (StateOf(execution) == JobState.Running && ExecutionTemplate.IsFor(execution, request))
            {
                return execution["name"]!.GetValue<string>();
            }
        }

        return null;
    }

    // "Unknown" and "Degraded" do not mean that it has ended: the machine may still be working, and a second one would cost as much again.
    private static JobState StateOf(JsonNode execution) => execution["properties"]?["status"]?.GetValue<string>() switch
    {
        "Succeeded" or "Failed" or "Stopped" => JobState.Ended,
        _ => JobState.Running,
    };
}
