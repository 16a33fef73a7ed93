using System.Collections.Concurrent;
using Distil.Core.Artifacts;

namespace Distil.Core.Runs.Garbage;

/// <summary>The shared artifacts that the plans of runs name: these are not garbage.</summary>
/// <remarks>Plans never change, so each is read once; later calls read only the plans of new runs.</remarks>
/// <param name="store">The storage of the plans.</param>
internal sealed class GarbageRoots(ArtifactStore store)
{
    private const int AtOnce = 8;
    private readonly RunFolder _runs = new(store);
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _named = new(StringComparer.Ordinal); // by run

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
                _named[run] = [plan.Dataset.Prefix, plan.TeacherOutputs.Prefix];
            }
        });
        return _named.Values.SelectMany(prefixes => prefixes).ToHashSet(StringComparer.Ordinal);
    }
}
