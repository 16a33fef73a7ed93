using System.Text.Json.Nodes;
using Distil.Contracts.Jobs;
using Distil.Core.Jobs;

namespace Distil.Azure.Tests.ResourceManager;

/// <summary>A platform whose jobs are resources in memory, behind Resource Manager's HTTP.</summary>
/// <param name="runner">The runner over the server.</param>
/// <param name="server">Answers the runner; ended with the platform.</param>
/// <param name="succeeded">The status of a job that has succeeded.</param>
internal abstract class LocalJobPlatform(IJobRunner runner, LocalResourceManager server, string succeeded) : IJobPlatform
{
    private readonly Lock _gate = new();
    private readonly List<Uri> _begun = [];

    public IJobRunner Runner => runner;

    /// <value>The jobs, by a key of the platform's choice.</value>
    protected Dictionary<string, JsonObject> Jobs { get; } = [];

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
            AtWork(request).Single()["properties"]!["status"] = success ? succeeded : "Failed";
        }
    }

    public Task ForgetAsync()
    {
        lock (_gate)
        {
            Jobs.Clear();
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Lets the server answer for the platform.</summary>
    protected void Answer(Func<LocalResourceManager.Request, Answer?> answer) => server.Platform = request =>
    {
        lock (_gate)
        {
            return answer(request);
        }
    };

    /// <summary>Adds a job, at work, and returns it.</summary>
    protected JsonObject Begin(string key, JsonObject job)
    {
        job["properties"]!["status"] = "Running";
        Jobs.Add(key, job);
        _begun.Add(RequestOf(job));
        return job;
    }

    /// <summary>The request that a job works on.</summary>
    protected abstract Uri RequestOf(JsonObject job);

    private IEnumerable<JsonObject> AtWork(Uri request) =>
        Jobs.Values.Where(job => (string)job["properties"]!["status"]! == "Running" && RequestOf(job) == request);
}
