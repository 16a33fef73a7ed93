using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Pipeline;
using Distil.Functions.Activities;
using Distil.Functions.Hosting;
using Distil.Functions.Pipelines;
using Distil.Functions.Tests.RealHost;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Durable Task in this process, with the app's own orchestrations and activities, over storage in memory and scripted jobs.</summary>
internal sealed class DurableHost : IAsyncDisposable
{
    private readonly InMemoryBlobService _service;
    private readonly DurableTaskTestHost _host;

    private DurableHost(InMemoryBlobService service, ArtifactStore store, ScriptedJobs jobs, DurableTaskTestHost host)
    {
        (_service, Store, Jobs, _host, Runs) = (service, store, jobs, host, new RunFolder(store));
        RunHost = new DurableRunHost(Runs, host.Client) { Polling = new Polling() };
    }

    public ArtifactStore Store { get; }

    public ScriptedJobs Jobs { get; }

    public RunFolder Runs { get; }

    public DurableTaskClient Client => _host.Client;

    public DurableRunHost RunHost { get; }

    public static async Task<DurableHost> StartAsync()
    {
        var service = new InMemoryBlobService();
        var store = service.OpenStore();
        var jobs = new ScriptedJobs(store);
        var catalog = new ActivityCatalog(store, jobs);
        var activities = new ActivityFunctions(catalog, new WriteStatus(new RunFolder(store)));
        var host = await DurableTaskTestHost.StartAsync(tasks =>
        {
            tasks.AddOrchestratorFunc<JsonElement, JsonElement>(PipelineCatalog.Distill, (durable, _) => PipelineFunctions.DistillAsync(durable));
            tasks.AddOrchestratorFunc<JsonElement, JsonElement>(ShardsPipeline.Name, (durable, _) => PipelineFunctions.ShardsAsync(durable));
            tasks.AddOrchestratorFunc<JsonElement, JsonElement>(JobPipeline.Name, (durable, _) => PipelineFunctions.JobAsync(durable));
            tasks.AddOrchestratorFunc<JsonElement, JsonElement>(WatchPipeline.Name, (durable, _) => PipelineFunctions.WatchAsync(durable));
            foreach (var name in catalog.Names)
            {
                Add(name, input => activities.CallAsync(name, input, CancellationToken.None));
            }

            Add(WriteStatus.Id, input => activities.WriteStatusAsync(input, CancellationToken.None));

            void Add(string name, Func<JsonElement, Task<JsonElement>> activity) =>
                tasks.AddActivityFunc<JsonElement, JsonElement>(name, (_, input) => activity(input));
        }, new DurableTaskTestHostOptions { Port = StorageEmulator.FreePort() });
        return new DurableHost(service, store, jobs, host);
    }

    /// <summary>Writes a run's documents and schedules it.</summary>
    public async Task<PipelineInput> ScheduleAsync(string runId, int shards = 2, Func<RunSpec, RunSpec>? change = null)
    {
        var spec = new RunSpec
        {
            Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] }, Training = new TrainingSpec { Epochs = 2 },
        };
        spec = change?.Invoke(spec) ?? spec;
        var plan = Plans.Of(runId, shards);
        await Runs.CreateAsync(spec, plan);
        var input = PipelineInput.From(spec, plan);
        await RunHost.ScheduleAsync(input, TestContext.Current.CancellationToken);
        return input;
    }

    /// <summary>Waits for a run's end.</summary>
    public async Task<RunOutcome> EndAsync(string runId)
    {
        var ended = await Client.WaitForInstanceCompletionAsync(runId, getInputsAndOutputs: true, TestContext.Current.CancellationToken);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.RuntimeStatus}: {ended.FailureDetails}");
        return JsonSerializer.Deserialize<RunOutcome>(ended.SerializedOutput!, DistilJson.Options)!;
    }

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _service.Dispose();
    }
}
