using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Contracts.Pipeline;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Tests.Artifacts;
using Distil.Functions.Activities;
using Distil.Functions.Pipelines;
using Distil.Functions.Tests.BackEnds;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Durable Task over a script, with the app's own wrappers of orchestrations and activities.</summary>
internal sealed class DurableScriptHost : IScriptHost
{
    private const string Run = "run";
    private readonly InMemoryBlobService _service = new();
    private readonly RunFolder _runs;
    private IDurableEngine _engine = null!;

    private DurableScriptHost() => _runs = new RunFolder(_service.OpenStore());

    public ConcurrentQueue<RunStatus> Statuses { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts it.</summary>
    /// <param name="script">The pipelines and activities.</param>
    /// <param name="hub">Where histories are stored; null for this process's memory.</param>
    public static async Task<IScriptHost> StartAsync(PipelineScript script, StorageHub? hub = null)
    {
        var host = new DurableScriptHost();
        var activities = new ActivityFunctions(script.Activities, new WriteStatus(host._runs));
        var tasks = new DurableTasks();
        foreach (var (name, pipeline) in script.Pipelines)
        {
            tasks.AddOrchestration(name, durable => name == PipelineScript.Root
                ? PipelineFunctions.RunAsync(durable, pipeline)
                : PipelineFunctions.PartAsync(durable, pipeline));
        }

        foreach (var name in script.Activities.Names)
        {
            tasks.AddActivity(name, input => activities.CallAsync(name, input, CancellationToken.None));
        }

        tasks.AddActivity(WriteStatus.Id, async input =>
        {
            var answer = await activities.WriteStatusAsync(input, CancellationToken.None);
            host.Statuses.Enqueue((await host._runs.TryReadStatusAsync(Run, CancellationToken.None))!);
            return answer;
        });
        host._engine = await IDurableEngine.StartAsync(tasks, hub);
        return host;
    }

    public Task BeginAsync(JsonElement input) =>
        _engine.Client.ScheduleNewOrchestrationInstanceAsync(PipelineScript.Root, input, new StartOrchestrationOptions(InstanceId: Run), Cancel);

    public async Task<JsonElement> EndAsync()
    {
        var ended = await _engine.Client.WaitForInstanceCompletionAsync(Run, getInputsAndOutputs: true, Cancel);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.RuntimeStatus}: {ended.FailureDetails}");
        return JsonElement.Parse(ended.SerializedOutput!);
    }

    // The orchestration is over then: its outcome, the stored status and the custom one say why.
    public async Task<JobFailure> RefusalAsync()
    {
        var outcome = (await EndAsync()).Deserialize<RunOutcome>(DistilJson.Options)!;
        var custom = (await _engine.Client.GetInstanceAsync(Run, getInputsAndOutputs: true, Cancel))!.SerializedCustomStatus!;
        foreach (var status in new[] { Assert.Single(Statuses), JsonSerializer.Deserialize<RunStatus>(custom, DistilJson.Options)! })
        {
            Assert.Equal((RunState.Failed, outcome.Failure), (status.State, status.LastFailure));
        }

        Assert.Equal(RunState.Failed, outcome.State);
        return outcome.Failure!;
    }

    public Task SignalAsync<T>(string name, T value) => _engine.Client.RaiseEventAsync(Run, name, value, Cancel);

    public Task RestartAsync() => _engine.RestartAsync();

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _service.Dispose();
    }
}

/// <summary>The contract of a pipeline's steps over Durable Task in memory.</summary>
public sealed class DurablePipelineStepsTests : PipelineStepsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => DurableScriptHost.StartAsync(script);
}

/// <summary>The contract of what happens to a pipeline over Durable Task in memory.</summary>
public sealed class DurablePipelineEventsTests : PipelineEventsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => DurableScriptHost.StartAsync(script);
}

/// <summary>The contract of a pipeline's steps over Durable Task and Azure Storage.</summary>
public sealed class StoragePipelineStepsTests(StorageBackEnd storage) : PipelineStepsContract
{
    internal override async Task<IScriptHost> StartAsync(PipelineScript script) => await DurableScriptHost.StartAsync(script, await storage.NewHubAsync());
}

/// <summary>The contract of what happens to a pipeline over Durable Task and Azure Storage.</summary>
public sealed class StoragePipelineEventsTests(StorageBackEnd storage) : PipelineEventsContract
{
    // A queue delays a message by whole seconds, rounded down.
    protected override TimeSpan Early => TimeSpan.FromSeconds(1);

    internal override async Task<IScriptHost> StartAsync(PipelineScript script) => await DurableScriptHost.StartAsync(script, await storage.NewHubAsync(takesOver: true));
}
