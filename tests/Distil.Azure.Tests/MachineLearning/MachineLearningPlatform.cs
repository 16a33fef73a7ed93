using System.Text.Json.Nodes;
using Distil.Azure.Tests.ResourceManager;
using Distil.Contracts.Jobs;

namespace Distil.Azure.Tests.MachineLearning;

/// <summary>A workspace whose jobs are in memory, by their paths.</summary>
internal sealed class MachineLearningPlatform : LocalJobPlatform
{
    private MachineLearningPlatform(LocalWorkspace workspace)
        : base(workspace.Runner(), workspace.Server, "Completed") => Answer(Answer);

    public static async Task<IJobPlatform> StartAsync() => new MachineLearningPlatform(await LocalWorkspace.StartAsync());

    protected override Uri RequestOf(JsonObject job) => new((string)job["properties"]!["environmentVariables"]!["DISTIL_REQUEST"]!);

    private Answer? Answer(LocalResourceManager.Request request)
    {
        var path = request.What[(request.What.IndexOf(' ') + 1)..];
        return request.What.Split('/') switch
        {
            _ when request.What.StartsWith("PUT ", StringComparison.Ordinal) => Create(path, JsonNode.Parse(request.Body)!.AsObject()),
            [.., var _, "cancel"] when Jobs.TryGetValue(path[..path.LastIndexOf('/')], out var job) => Cancel(job),
            _ => Jobs.TryGetValue(path, out var job) ? Describe(job) : null,
        };
    }

    // A job's description cannot be changed.
    private Answer Create(string path, JsonObject description) => Describe(Jobs.TryGetValue(path, out var job) ? job : Begin(path, description));

    private static Answer Cancel(JsonObject job)
    {
        job["properties"]!["status"] = "Canceled";
        return new Answer(200);
    }

    private static Answer Describe(JsonObject job) => new(200, job.ToJsonString());
}

/// <summary>The contract of job runners over Azure Machine Learning.</summary>
public sealed class MachineLearningJobsTests : JobRunnerContract
{
    internal override Task<IJobPlatform> StartPlatformAsync() => MachineLearningPlatform.StartAsync();
}
