using Distil.Core.Artifacts;

namespace Distil.Cli.Runs;

/// <summary>Datasets and teacher outputs that several runs need: the first run makes each, the others wait for it instead of making it too.</summary>
internal sealed class SharedArtifacts
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (string Maker, TaskCompletionSource Made)> _shared = [];
    private readonly ArtifactStore _store;
    private readonly TimeProvider _time;

    /// <param name="runs">The runs, in the order in which they start.</param>
    /// <param name="store">The storage of the artifacts.</param>
    /// <param name="time">The clock.</param>
    internal SharedArtifacts(IEnumerable<SweepRun> runs, ArtifactStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        foreach (var run in runs)
        {
            foreach (var blob in Needs(run))
            {
                _shared.TryAdd(blob, (run.Plan.RunId, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
            }
        }
    }

    /// <summary>Waits for the artifacts that other runs make.</summary>
    internal async Task WaitAsync(SweepRun run, CancellationToken stop)
    {
        foreach (var (maker, made) in Needs(run).Select(blob => _shared[blob]))
        {
            if (maker != run.Plan.RunId)
            {
                await made.Task.WaitAsync(stop);
            }
        }
    }

    /// <summary>Releases the waiting runs as soon as this run's artifact exists, or when this run ends: then the next run makes it.</summary>
    internal async Task WatchAsync(SweepRun run, Task ended)
    {
        foreach (var blob in Needs(run).Where(blob => _shared[blob].Maker == run.Plan.RunId))
        {
            while (!ended.IsCompleted && !await _store.ExistsAsync(blob))
            {
                await Task.WhenAny(ended, Task.Delay(Look, _time));
            }

            _shared[blob].Made.TrySetResult();
        }
    }

    private static IEnumerable<string> Needs(SweepRun run) => run.Plan.ArtifactsOf(run.Spec).Shared.Select(artifact => artifact.Closing);
}
