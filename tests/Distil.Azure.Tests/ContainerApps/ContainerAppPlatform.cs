using System.Text.Json.Nodes;
using Distil.Azure.Tests.ResourceManager;
using Distil.Contracts.Jobs;
using static Distil.Azure.Tests.ContainerApps.LocalJobs;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>A Container Apps job whose executions are in memory, by their names.</summary>
internal sealed class ContainerAppPlatform : LocalJobPlatform
{
    private const string Template = """{"containers":[{"name":"trainer","image":"i","args":["work"]}]}""";

    private ContainerAppPlatform(LocalJobs jobs)
        : base(jobs.Runner(), jobs.Server, "Succeeded") => Answer(Answer);

    public static async Task<IJobPlatform> StartAsync() => new ContainerAppPlatform(await LocalJobs.StartAsync());

    protected override Uri RequestOf(JsonObject job) => new((string)job["properties"]!["template"]!["containers"]![0]!["args"]!.AsArray()[^1]!);

    private Answer? Answer(LocalResourceManager.Request request) => request.What switch
    {
        $"GET {Gpu}" => new Answer(200, $$$"""{"name":"caj-gpu","properties":{"template":{{{Template}}}}}"""),
        $"GET {Gpu}/executions" => new Answer(200, new JsonObject { ["value"] = new JsonArray([.. Copies()]) }.ToJsonString()),
        $"POST {Gpu}/start" => new Answer(200, Begin(JsonNode.Parse(request.Body)!).ToJsonString()),
        var what when Jobs.TryGetValue(what[(what.LastIndexOf('/') + 1)..], out var execution) => new Answer(200, execution.ToJsonString()),
        var what when what.Split('/') is [.., var name, "stop"] && Jobs.TryGetValue(name, out var execution) => Stop(execution),
        _ => null,
    };

    private IEnumerable<JsonNode> Copies() => Jobs.Values.Select(execution => execution.DeepClone());

    private JsonObject Begin(JsonNode template)
    {
        var name = $"caj-gpu-{Begun().Count}";
        return Begin(name, new JsonObject { ["name"] = name, ["properties"] = new JsonObject { ["template"] = template } });
    }

    private static Answer Stop(JsonObject execution)
    {
        execution["properties"]!["status"] = "Stopped";
        return new Answer(202);
    }
}

/// <summary>The contract of job runners over Container Apps.</summary>
public sealed class ContainerAppJobsTests : JobRunnerContract
{
    internal override Task<IJobPlatform> StartPlatformAsync() => ContainerAppPlatform.StartAsync();
}
