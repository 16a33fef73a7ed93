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
using Distil.Functions.Tests.RealHost;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Durable Task in this process over a script, with the app's own wrappers of orchestrations and activities.</summary>
internal sealed class DurableScriptHost : IScriptHost
{
    private const string Run = "run";
    private readonly InMemoryBlobService _service = new();
    private readonly RunFolder _runs;
    private DurableTaskTestHost _host = null!;

    private DurableScriptHost() => _runs = new RunFolder(_service.OpenStore());

    public ConcurrentQueue<RunStatus> Statuses { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<IScriptHost> StartAsync(PipelineScript script)
    {
        var host = new DurableScriptHost();
        var activities = new ActivityFunctions(script.Activities, new WriteStatus(host._runs));
        host._host = await DurableTaskTestHost.StartAsync(tasks =>
        {
            foreach (var (name, pipeline) in script.Pipelines)
            {
                tasks.AddOrchestratorFunc<JsonElement, JsonElement>(name, (durable, _) => name == PipelineScript.Root
                    ? PipelineFunctions.RunAsync(durable, pipeline)
                    : PipelineFunctions.PartAsync(durable, pipeline));
            }

            foreach (var name in script.Activities.Names)
            {
                tasks.AddActivityFunc<JsonElement, JsonElement>(name, (_, input) => activities.CallAsync(name, input, CancellationToken.None));
            }

            tasks.AddActivityFunc<JsonElement, JsonElement>(WriteStatus.Id, async (_, input) =>
            {
                var answer = await activities.WriteStatusAsync(input, CancellationToken.None);
                host.Statuses.Enqueue((await host._runs.TryReadStatusAsync(Run, CancellationToken.None))!);
                return answer;
            });
        }, new DurableTaskTestHostOptions { Port = StorageEmulator.FreePort() });
        return host;
    }

    public Task BeginAsync(JsonElement input) =>
        _host.Client.ScheduleNewOrchestrationInstanceAsync(PipelineScript.Root, input, new StartOrchestrationOptions(InstanceId: Run), Cancel);

    public async Task<JsonElement> EndAsync()
    {
        var ended = await _host.Client.WaitForInstanceCompletionAsync(Run, getInputsAndOutputs: true, Cancel);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.RuntimeStatus}: {ended.FailureDetails}");
        return JsonElement.Parse(ended.SerializedOutput!);
    }

    // The orchestration is over then: its outcome, the stored status and the custom one say why.
    public async Task<JobFailure> RefusalAsync()
    {
        var outcome = (await EndAsync()).Deserialize<RunOutcome>(DistilJson.Options)!;
        var custom = (await _host.Client.GetInstanceAsync(Run, getInputsAndOutputs: true, Cancel))!.SerializedCustomStatus!;
        foreach (var status in new[] { Assert.Single(Statuses), JsonSerializer.Deserialize<RunStatus>(custom, DistilJson.Options)! })
        {
            Assert.Equal((RunState.Failed, outcome.Failure), (status.State, status.LastFailure));
        }

        Assert.Equal(RunState.Failed, outcome.State);
        return outcome.Failure!;
    }

    public Task SignalAsync<T>(string name, T value) => _host.Client.RaiseEventAsync(Run, name, value, Cancel);

    // There is nothing to forget: between two turns the worker keeps nothing of an orchestration, and each turn replays the stored history.
    public Task RestartAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _service.Dispose();
    }
}

/// <summary>The contract of a pipeline's steps over Durable Task.</summary>
public sealed class DurablePipelineStepsTests : PipelineStepsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => DurableScriptHost.StartAsync(script);
}

/// <summary>The contract of what happens to a pipeline over Durable Task.</summary>
public sealed class DurablePipelineEventsTests : PipelineEventsContract
{
    internal override Task<IScriptHost> StartAsync(PipelineScript script) => DurableScriptHost.StartAsync(script);
}
