using Distil.Azure.ContainerApps;
using Distil.Azure.Tests.ResourceManager;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>A runner over a local server, with the names of what is there.</summary>
internal sealed class LocalJobs : IAsyncDisposable
{
    public const string
        Gpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-gpu",
        Cpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-cpu",
        Execution = $"{Gpu}/executions/caj-gpu-abc";

    private LocalJobs(LocalResourceManager server) => Server = server;

    public LocalResourceManager Server { get; }

    public ImpatientTime Time { get; } = new();

    public static async Task<LocalJobs> StartAsync() => new(await LocalResourceManager.StartAsync());

    public ContainerAppJobRunner Runner()
    {
        var client = Server.Client(new StaticCredential(), Time);
        return new ContainerAppJobRunner(client, new ContainerAppJobOptions { GpuJob = Gpu, CpuJob = Cpu }, Time);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
