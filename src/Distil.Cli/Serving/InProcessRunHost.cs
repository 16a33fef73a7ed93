using System.Collections.Concurrent;
using Distil.Cli.Azurite;
using Distil.Cli.Engine;
using Distil.Cli.Processes;
using Distil.Cli.Runs;
using Distil.Core.Api;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Serving;

/// <summary>Runs in this process, as many at once as there are. They end with it.</summary>
internal sealed class InProcessRunHost(Workspace workspace, LocalStorage storage) : IRunHost, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> runs = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> stops = new();
    private readonly RunFolder folder = new(storage.Store);

    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (await folder.TryReadStatusAsync(input.RunId, cancel) is null)
            _ = runs.GetOrAdd(input.RunId, _ => new Lazy<Task>(() => Task.Run(() => RunAsync(input), CancellationToken.None))).Value;
    }

    public Task SignalAsync(string runId, string signal, string value, CancellationToken cancel) =>
        signal == DistillPipeline.CancelSignal && stops.TryGetValue(runId, out var stop) ? stop.CancelAsync() : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var stop in stops.Values)
            await stop.CancelAsync();

        await Task.WhenAll(runs.Values.Select(run => run.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(PipelineInput input)
    {
        var stop = stops[input.RunId] = new CancellationTokenSource();
        await using var runner = new ProcessJobRunner(() => LocalRun.StartTrainer(workspace, storage), input.Parallelism);
        await using var publisher = new StatusPublisher(status => folder.WriteStatusAsync(status, CancellationToken.None));
        var engine = new EmbeddedEngine(new ActivityCatalog(storage.Store, runner).CallAsync, publisher.Publish, TimeProvider.System);
        await engine.RunAsync(input with { Polling = LocalRun.Polling }, stop.Token);
    }
}
