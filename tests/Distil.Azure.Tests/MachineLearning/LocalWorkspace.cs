using System.Text.Json.Nodes;
using Distil.Azure.MachineLearning;
using Distil.Azure.Tests.ResourceManager;

namespace Distil.Azure.Tests.MachineLearning;

/// <summary>A runner over a local server that answers as Azure Machine Learning does.</summary>
internal sealed class LocalWorkspace : IAsyncDisposable
{
    public const string Path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/mlw";

    public static readonly Uri Request = new("https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json");

    /// <value>Path of the request's first job.</value>
    public static readonly string Job = $"{Path}/jobs/{CommandJob.NameOf(Request, 1)}";

    public static readonly MachineLearningOptions Options = new()
    {
        Workspace = Path,
        Environment = $"{Path}/environments/distil-trainer/versions/1",
        Instance = "Standard_ND96isr_H200_v5",
        Gpus = 8,
        CpuInstance = "Standard_E8ds_v5",
        ClientId = "00000000-0000-0000-0000-000000000001",
    };

    private LocalWorkspace(LocalResourceManager server) => Server = server;

    public LocalResourceManager Server { get; }

    public ImpatientTime Time { get; } = new();

    public static async Task<LocalWorkspace> StartAsync() => new(await LocalResourceManager.StartAsync());

    public MachineLearningJobRunner Runner() => new(Server.Client(new StaticCredential(), Time), Options, Time);

    /// <summary>A job in one of the service's states.</summary>
    public static Answer InState(string status) => new(200, new JsonObject
    {
        ["properties"] = new JsonObject { ["status"] = status },
    }.ToJsonString());

    /// <summary>The service's refusal of a request.</summary>
    public static Answer Refusal(int status, string code, string message) => new(status, new JsonObject
    {
        ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
    }.ToJsonString());

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
