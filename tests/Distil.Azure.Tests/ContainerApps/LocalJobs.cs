using Distil.Azure.ContainerApps;
using Distil.Azure.ResourceManager;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Jobs;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>A runner over a local server, with the names of what is there.</summary>
internal sealed class LocalJobs : IAsyncDisposable
{
    public const string
        Gpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-gpu",
        Cpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-cpu",
        Execution = $"{Gpu}/executions/caj-gpu-abc";

    private readonly HttpClient _http = new();

    private LocalJobs(LocalResourceManager server) => Server = server;

    public LocalResourceManager Server { get; }

    public ImpatientTime Time { get; } = new();

    public static async Task<LocalJobs> StartAsync() => new(await LocalResourceManager.StartAsync());

    public ContainerAppJobRunner Runner(JobKind kind = JobKind.Train)
    {
        var client = new ResourceManagerClient(_http, new StaticCredential(), new ResourceManagerOptions { Endpoint = Server.Endpoint }, Time);
        return new ContainerAppJobRunner(client, new ContainerAppJobOptions { GpuJob = Gpu, CpuJob = Cpu }, (_, _) => Task.FromResult(kind), Time);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }
}
