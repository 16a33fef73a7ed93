using System.Collections.Concurrent;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;

namespace Distil.Core.Runs;

/// <summary>The plans of the latest runs, and the addresses of what their jobs read. They never change, and a plan lists every shard, so each is read once
/// instead of for each job.</summary>
/// <param name="store">The storage.</param>
public sealed class RunDefinitions(ArtifactStore store)
{
    /// <summary>Number of runs that are cached.</summary>
    internal const int MaxRuns = 16;

    private readonly RunFolder _runs = new(store);
    private readonly ConcurrentDictionary<string, (RunPlan Plan, string Definition)> _known = new();
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>Reads a run's plan and stores what its jobs read.</summary>
    /// <returns>The plan, and the address of the run's <see cref="JobDefinition"/>.</returns>
    /// <exception cref="Errors.InvalidInputException">There is no such run, or another version of distil made it.</exception>
    public async Task<(RunPlan Plan, string Definition)> ReadAsync(string runId, CancellationToken cancel)
    {
        if (_known.TryGetValue(runId, out var found))
        {
            return found;
        }

        var (spec, plan) = await _runs.ReadAsync(runId, cancel);
        var definition = new JobDefinition
        {
            Spec = spec,
            Teacher = plan.Teacher,
            TeacherLocation = plan.TeacherLocation ?? new ModelLocation { Folder = spec.Teacher.Path },
            Student = plan.Student,
            Linearised = plan.Linearised,
            Text = plan.Text,
            Tasks = plan.Tasks,
            CheckpointBytes = SpaceNeeded.Checkpoint(plan),
        };
        var read = (plan, await definition.StoreAsync(store, runId, cancel));
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
