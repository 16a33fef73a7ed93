using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Cli.Runs;

/// <summary>What a user may type for a run's id: the id, its beginning, its last part, or <c>latest</c>.</summary>
internal static class RunNames
{
    /// <summary>The name of the newest run.</summary>
    internal const string Latest = "latest";

    private const int MaxListed = 5;

    /// <summary>Finds the run that a user means.</summary>
    /// <exception cref="InvalidInputException">There is none, or there are several.</exception>
    internal static async Task<string> ResolveAsync(ArtifactStore store, string name, CancellationToken cancel)
    {
        if (RunId.IsOne(name) && await store.ExistsAsync(ArtifactLayout.Plan(name), cancel))
        {
            return name;
        }

        return Resolve(await new RunFolder(store).ListIdsAsync(cancel), name);
    }

    /// <summary>Finds a run among all.</summary>
    /// <param name="ids">The ids, newest first.</param>
    /// <param name="name">What the user typed.</param>
    internal static string Resolve(IReadOnlyList<string> ids, string name)
    {
        var found = name == Latest
            ? [.. ids.Take(1)]
            : ids.Where(id => id == name).DefaultIfEmpty(null).First() is { } exact ? [exact]
            : ids.Where(id => id.StartsWith(name, StringComparison.Ordinal) || id.EndsWith($"-{name}", StringComparison.Ordinal)).ToList();
        return found switch
        {
            [var one] => one,
            [] when name == Latest => throw new InvalidInputException("there is no run yet; `distil run` and `distil demo` make one"),
            [] => throw new InvalidInputException($"{Shown.Short(name)} is not a run; `distil runs` lists those that are"),
            _ => throw new InvalidInputException(
                $"{name} means {found.Count} runs: {string.Join(", ", found.Take(MaxListed))}{(found.Count > MaxListed ? ", …" : "")}; expected more of the id"),
        };
    }
}
