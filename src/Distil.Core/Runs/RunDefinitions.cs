using System.Collections.Concurrent;
using Distil.Core.Specification;

namespace Distil.Core.Runs;

/// <summary>The specifications and plans of the latest runs. They never change, and a plan lists every shard, so each is read once instead of for each
/// job.</summary>
/// <param name="runs">The runs' documents.</param>
public sealed class RunDefinitions(RunFolder runs)
{
    /// <summary>Number of runs that are cached.</summary>
    internal const int MaxRuns = 16;

    private readonly ConcurrentDictionary<string, (RunSpec Spec, RunPlan Plan)> _known = new();
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>Reads a run's specification and plan.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run, or another version of distil made it.</exception>
    public async Task<(RunSpec Spec, RunPlan Plan)> ReadAsync(string runId, CancellationToken cancel)
    {
        if (_known.TryGetValue(runId, out var found))
        {
            return found;
        }

        var read = await runs.ReadAsync(runId, cancel);
        if (_known.TryAdd(runId, read))
        {
            _order.Enqueue(runId);
        }

        while (_order.Count > MaxRuns && _order.TryDequeue(out var oldest))
        {
            _known.TryRemove(oldest, out _);
        }

        return read;
    }
}
