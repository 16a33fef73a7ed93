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
using Distil.Functions.Tests.BackEnds;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Durable Task with the app's own orchestrations and activities, over artifacts in memory and scripted jobs.</summary>
internal sealed class DurableHost : IAsyncDisposable
{
    private readonly InMemoryBlobService _service;

    private DurableHost(InMemoryBlobService service, ArtifactStore store, ScriptedJobs jobs, IDurableEngine engine) =>
        (_service, Store, Jobs, Engine, Runs) = (service, store, jobs, engine, new RunFolder(store));

    public ArtifactStore Store { get; }

    public ScriptedJobs Jobs { get; }

    public RunFolder Runs { get; }

    public IDurableEngine Engine { get; }

    public DurableTaskClient Client => Engine.Client;

    public DurableRunHost RunHost => new(Runs, Client) { Polling = new Polling() };

    /// <summary>Starts it.</summary>
    /// <param name="hub">Where histories are stored; null for this process's memory.</param>
    public static async Task<DurableHost> StartAsync(StorageHub? hub = null)
    {
        var service = new InMemoryBlobService();
        var store = service.OpenStore();
        var jobs = new ScriptedJobs(store);
        var catalog = new ActivityCatalog(store, jobs);
        var activities = new ActivityFunctions(catalog, new WriteStatus(new RunFolder(store)));
        var tasks = new DurableTasks();
        tasks.AddOrchestration(PipelineCatalog.Distill, PipelineFunctions.DistillAsync);
        tasks.AddOrchestration(ShardsPipeline.Name, PipelineFunctions.ShardsAsync);
        tasks.AddOrchestration(JobPipeline.Name, PipelineFunctions.JobAsync);
        tasks.AddOrchestration(WatchPipeline.Name, PipelineFunctions.WatchAsync);
        foreach (var name in catalog.Names)
        {
            tasks.AddActivity(name, input => activities.CallAsync(name, input, CancellationToken.None));
        }

        tasks.AddActivity(WriteStatus.Id, input => activities.WriteStatusAsync(input, CancellationToken.None));
        return new DurableHost(service, store, jobs, await IDurableEngine.StartAsync(tasks, hub));
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
        await Engine.DisposeAsync();
        _service.Dispose();
    }
}
