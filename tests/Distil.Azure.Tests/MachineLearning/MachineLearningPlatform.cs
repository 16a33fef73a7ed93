using System.Text.Json.Nodes;
using Distil.Azure.Tests.ResourceManager;
using Distil.Contracts.Jobs;
using Distil.Core.Jobs;

namespace Distil.Azure.Tests.MachineLearning;

/// <summary>A workspace whose jobs are in memory, behind Resource Manager's HTTP.</summary>
internal sealed class MachineLearningPlatform : IJobPlatform
{
    private readonly LocalWorkspace _workspace;
    private readonly Lock _gate = new();
    private readonly List<Uri> _begun = [];
    private readonly Dictionary<string, JsonObject> _jobs = [];

    private MachineLearningPlatform(LocalWorkspace workspace) => (_workspace, Runner, workspace.Server.Platform) = (workspace, workspace.Runner(), Answer);

    public IJobRunner Runner { get; }

    public static async Task<IJobPlatform> StartAsync() => new MachineLearningPlatform(await LocalWorkspace.StartAsync());

    public IReadOnlyList<Uri> Begun()
    {
        lock (_gate)
        {
            return [.. _begun];
        }
    }

    public bool IsAtWork(Uri request)
    {
        lock (_gate)
        {
            return AtWork(request).Any();
        }
    }

    public void End(Uri request, bool success)
    {
        lock (_gate)
        {
            AtWork(request).Single()["status"] = success ? "Completed" : "Failed";
        }
    }

    public Task ForgetAsync()
    {
        lock (_gate)
        {
            _jobs.Clear();
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _workspace.DisposeAsync();

    private IEnumerable<JsonObject> AtWork(Uri request) => _jobs.Values.Where(job => (string)job["status"]! == "Running" && RequestOf(job) == request);

    private Answer? Answer(LocalResourceManager.Request request)
    {
        var path = request.What[(request.What.IndexOf(' ') + 1)..];
        lock (_gate)
        {
            return request.What.Split('/') switch
            {
                _ when request.What.StartsWith("PUT ", StringComparison.Ordinal) => Create(path, JsonNode.Parse(request.Body)!["properties"]!.AsObject()),
                [.., var _, "cancel"] when _jobs.TryGetValue(path[..path.LastIndexOf('/')], out var job) => Cancel(job),
                _ => _jobs.TryGetValue(path, out var job) ? Describe(job) : null,
            };
        }
    }

    // A job's description cannot be changed.
    private Answer Create(string path, JsonObject properties)
    {
        if (!_jobs.TryGetValue(path, out var job))
        {
            _jobs[path] = job = properties.DeepClone().AsObject();
            job["status"] = "Running";
            _begun.Add(RequestOf(job));
        }

        return Describe(job);
    }

    private static Answer Cancel(JsonObject job)
    {
        job["status"] = "Canceled";
        return new Answer(200);
    }

    private static Answer Describe(JsonObject job) => new(200, new JsonObject { ["properties"] = job.DeepClone() }.ToJsonString());

    private static Uri RequestOf(JsonObject job) => new((string)job["environmentVariables"]!["DISTIL_REQUEST"]!);
}

/// <summary>The contract of job runners over Azure Machine Learning.</summary>
public sealed class MachineLearningJobsTests : JobRunnerContract
{
    internal override Task<IJobPlatform> StartPlatformAsync() => MachineLearningPlatform.StartAsync();
}
