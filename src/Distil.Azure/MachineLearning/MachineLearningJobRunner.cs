using System.Net;
using System.Text.Json.Nodes;
using Distil.Azure.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;

namespace Distil.Azure.MachineLearning;

/// <summary>Runs jobs as command jobs of Azure Machine Learning, each on a machine of its own that the service provides and takes back (serverless
/// compute).</summary>
/// <param name="resources">Azure Resource Manager.</param>
/// <param name="options">Workspace, machines and identity.</param>
/// <param name="time">The clock for delays.</param>
/// <remarks>
/// A handle is the job's resource id. Its name follows from the request, so a start whose answer was lost, or that two hosts make, creates one job.
/// </remarks>
public sealed class MachineLearningJobRunner(ResourceManagerClient resources, MachineLearningOptions options, TimeProvider time) : IJobRunner
{
    /// <summary>Version of the service's interface.</summary>
    public const string ApiVersion = "2025-09-01";

    private const string Version = "?api-version=" + ApiVersion;

    // A request is started again only after its platform has forgotten its job, or has ended it without a result.
    private const int MaxJobs = 100;

    /// <inheritdoc />
    public async Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel)
    {
        for (var number = 1; number <= MaxJobs; number++)
        {
            var handle = $"{options.Workspace}/jobs/{CommandJob.NameOf(request, number)}";
            var isNew = isFirst && number == 1;
            var job = (isNew ? null : await resources.TryGetAsync(handle + Version, cancel))
                ?? await CreateAsync(handle, CommandJob.For(options, kind, request), cancel);
            if (StateOf(job) == JobState.Running)
            {
                return handle;
            }
        }

        throw new ResourceManagerException(null, $"{MaxJobs} jobs have ended without a result for {request}");
    }

    /// <inheritdoc />
    public async Task<JobState> PollAsync(string handle, CancellationToken cancel) =>
        await resources.TryGetAsync(handle + Version, cancel) is { } job ? StateOf(job) : JobState.Unknown;

    /// <inheritdoc />
    public Task StopAsync(string handle, CancellationToken cancel) =>
        JobStop.RunAsync(resources, handle, $"{handle}/cancel{Version}", this, time, cancel);

    /// <inheritdoc />
    public async Task<string?> DescribeEndAsync(string handle, CancellationToken cancel)
    {
        var properties = (await resources.TryGetAsync(handle + Version, cancel))?["properties"];
        var log = properties?["services"]?["Studio"]?["endpoint"]?.GetValue<string>()
            ?? $"https://ml.azure.com/runs/{handle[(handle.LastIndexOf('/') + 1)..]}?wsid={options.Workspace}";
        return $"Azure Machine Learning says {properties?["status"]?.GetValue<string>() ?? "nothing"}; its log: {log}";
    }

    // The new job, or the one that has its name already.
    private async Task<JsonNode> CreateAsync(string handle, JsonObject job, CancellationToken cancel)
    {
        try
        {
            return await resources.PutAsync(handle + Version, job, cancel)
                ?? throw new ResourceManagerException(HttpStatusCode.NotFound, $"{options.Workspace} does not exist, or does not know {options.Environment}");
        }
        catch (ResourceManagerException refused) when (refused.Status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict)
        {
            // A job's description cannot be changed, so another one under the same name is refused: the host was deployed anew between two starts.
            if (await resources.TryGetAsync(handle + Version, cancel) is { } existing)
            {
                return existing;
            }

            throw;
        }
    }

    // NotResponding, Paused and Unknown do not mean that it has ended: the machine may still be working, and a second one would cost as much again.
    private static JobState StateOf(JsonNode job) => job["properties"]?["status"]?.GetValue<string>() switch
    {
        "Completed" or "Failed" or "Canceled" => JobState.Ended,
        _ => JobState.Running,
    };
}
