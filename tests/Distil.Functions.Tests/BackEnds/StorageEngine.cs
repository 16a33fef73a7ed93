using Distil.Functions.Tests.RealHost;
using DurableTask.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Grpc;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Functions.Tests.BackEnds;

/// <summary>The engine and the back end that the Functions host uses: the core framework over Azure Storage. Only the client speaks gRPC.</summary>
internal sealed class StorageEngine : IDurableEngine
{
    private readonly DurableTasks _tasks;
    private readonly StorageHub _hub;
    private TaskHubWorker _worker = null!;
    private WebApplication _server = null!;
    private GrpcChannel _channel = null!;

    private StorageEngine(DurableTasks tasks, StorageHub hub) => (_tasks, _hub) = (tasks, hub);

    public DurableTaskClient Client { get; private set; } = null!;

    /// <value>The present engine's way to storage.</value>
    public StorageWire Wire { get; private set; } = null!;

    public static async Task<StorageEngine> StartAsync(DurableTasks tasks, StorageHub hub)
    {
        var engine = new StorageEngine(tasks, hub);
        await engine.StartAsync();
        return engine;
    }

    public async Task RestartAsync()
    {
        await DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        var stopped = _worker.StopAsync(isForced: true);
        if (!Wire.IsCut) // a killed process says nothing before its end, and without storage this one would wait for minutes
        {
            await stopped;
        }

        _channel.Dispose();
        await _server.DisposeAsync();
    }

    private async Task StartAsync()
    {
        Wire = new StorageWire();
        var service = _hub.Connect(Wire);
        _worker = new TaskHubWorker(service) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _tasks.AddTo(_worker);
        await _worker.StartAsync();

        var port = StorageEmulator.FreePort();
        var server = WebApplication.CreateSlimBuilder();
        server.Logging.ClearProviders();
        server.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2));
        server.Services.AddGrpc();
        server.Services.Configure<TaskHubGrpcServerOptions>(options => options.Mode = TaskHubGrpcServerMode.ApiServerOnly);
        server.Services.AddSingleton<IOrchestrationService>(service).AddSingleton<IOrchestrationServiceClient>(service).AddSingleton<TaskHubGrpcServer>();
        _server = server.Build();
        _server.MapGrpcService<TaskHubGrpcServer>();
        await _server.StartAsync();
        _channel = GrpcChannel.ForAddress($"http://localhost:{port}");
        Client = new GrpcDurableTaskClient("test", new GrpcDurableTaskClientOptions { Channel = _channel }, NullLogger.Instance);
    }
}
