using System.Text.Json.Nodes;
using Distil.Azure.Tests.ResourceManager;
using Distil.Contracts.Jobs;
using Distil.Core.Jobs;
using static Distil.Azure.Tests.ContainerApps.LocalJobs;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>A Container Apps job whose executions are in memory, behind Resource Manager's HTTP.</summary>
internal sealed class ContainerAppPlatform : IJobPlatform
{
    private const string Template = """{"containers":[{"name":"trainer","image":"i","args":["work"]}]}""";
    private readonly LocalJobs _jobs;
    private readonly Lock _gate = new();
    private readonly List<Uri> _begun = [];
    private readonly Dictionary<string, JsonObject> _executions = [];

    private ContainerAppPlatform(LocalJobs jobs) => (_jobs, Runner, jobs.Server.Platform) = (jobs, jobs.Runner(), Answer);

    public IJobRunner Runner { get; }

    public static async Task<IJobPlatform> StartAsync() => new ContainerAppPlatform(await LocalJobs.StartAsync());

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
            AtWork(request).Single()["properties"]!["status"] = success ? "Succeeded" : "Failed";
        }
    }

    public Task ForgetAsync()
    {
        lock (_gate)
        {
            _executions.Clear();
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _jobs.DisposeAsync();

    private IEnumerable<JsonObject> AtWork(Uri request) =>
        _executions.Values.Where(execution => (string)execution["properties"]!["status"]! == "Running" && RequestOf(execution) == request);

    private Answer? Answer(LocalResourceManager.Request request)
    {
        lock (_gate)
        {
            return request.What switch
            {
                $"GET {Gpu}" => new Answer(200, $$$"""{"name":"caj-gpu","properties":{"template":{{{Template}}}}}"""),
                $"GET {Gpu}/executions" => new Answer(200, new JsonObject { ["value"] = new JsonArray([.. Copies()]) }.ToJsonString()),
                $"POST {Gpu}/start" => Begin(JsonNode.Parse(request.Body)!),
                var what when _executions.TryGetValue(what[(what.LastIndexOf('/') + 1)..], out var execution) => new Answer(200, execution.ToJsonString()),
                var what when what.Split('/') is [.., var name, "stop"] && _executions.TryGetValue(name, out var execution) => Stop(execution),
                _ => null,
            };
        }
    }

    private IEnumerable<JsonNode> Copies() => _executions.Values.Select(execution => execution.DeepClone());

    private Answer Begin(JsonNode template)
    {
        var execution = new JsonObject
        {
            ["name"] = $"caj-gpu-{_begun.Count}",
            ["properties"] = new JsonObject { ["status"] = "Running", ["template"] = template },
        };
        _executions.Add((string)execution["name"]!, execution);
        _begun.Add(RequestOf(execution));
        return new Answer(200, execution.ToJsonString());
    }

    private static Answer Stop(JsonObject execution)
    {
        execution["properties"]!["status"] = "Stopped";
        return new Answer(202);
    }

    private static Uri RequestOf(JsonObject execution) => new((string)execution["properties"]!["template"]!["containers"]![0]!["args"]!.AsArray()[^1]!);
}

/// <summary>The contract of job runners over Container Apps.</summary>
public sealed class ContainerAppJobsTests : JobRunnerContract
{
    internal override Task<IJobPlatform> StartPlatformAsync() => ContainerAppPlatform.StartAsync();
}
