using System.Collections.Concurrent;
using Distil.Core.Artifacts;

namespace Distil.Core.Runs.Garbage;

/// <summary>What the plans of runs name: shared artifacts, and the students of other runs that a run merges. These are not garbage.</summary>
/// <remarks>Plans never change, so each is read once; later calls read only the plans of new runs.</remarks>
/// <param name="store">The storage of the plans.</param>
internal sealed class GarbageRoots(ArtifactStore store)
{
    private const int AtOnce = 8;
    private readonly RunFolder _runs = new(store);
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _named = new(StringComparer.Ordinal); // by run
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _experts = new(StringComparer.Ordinal); // by run that merges

    /// <summary>Reads the plans of all runs except some.</summary>
    /// <returns>The prefixes of the artifacts.</returns>
    /// <exception cref="ArtifactException">A plan cannot be read: the artifacts of its run are unknown, so nothing may be deleted.</exception>
    public async Task<IReadOnlySet<string>> ReadAsync(IReadOnlySet<string> except, CancellationToken cancel)
    {
        var unread = (await _runs.ListIdsAsync(cancel)).Where(run => !except.Contains(run) && !_named.ContainsKey(run)).ToList();
        await Parallel.ForEachAsync(unread, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (run, stop) =>
        {
            if (await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(run), stop) is { } plan)
            {
                if (plan.Experts is { } experts)
                {
                    _experts[run] = [.. experts.Select(expert => expert.RunId)];
                }

                _named[run] = [plan.Dataset.Prefix, plan.TeacherOutputs.Prefix];
            }
        });
        return _named.Values.SelectMany(prefixes => prefixes).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Reads which runs' students other runs are to merge: those of merges that have not succeeded, because one that failed can be retried.</summary>
    /// <param name="except">Runs whose merges do not count.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The run that merges, by the run whose student it needs.</returns>
    /// <exception cref="ArtifactException">A plan cannot be read.</exception>
    public async Task<IReadOnlyDictionary<string, string>> ReadExpertsAsync(IReadOnlySet<string> except, CancellationToken cancel)
    {
        await ReadAsync(except, cancel);
        var needed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (merge, experts) in _experts.Where(each => !except.Contains(each.Key)))
        {
            if (await _runs.TryReadStatusAsync(merge, cancel) is not { State: RunState.Succeeded })
            {
                foreach (var expert in experts)
                {
                    needed[expert] = merge;
                }
            }
        }

        return needed;
    }
}
