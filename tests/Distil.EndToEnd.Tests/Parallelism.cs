using Distil.EndToEnd.Tests;
using Xunit.Sdk;
using Xunit.v3;

// The tests wait for their processes most of the time, also on two cores.
[assembly: Parallelization(MaxThreads = 4)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Distil.EndToEnd.Tests;

/// <summary>Starts first what takes longest, so that nothing is waited for alone: the classes that share a server run one after the other.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // As measured; the others take less than any of these.
    private static readonly string[] Longest =
    [
        nameof(PackTests), nameof(Killing.KillAnythingTests), nameof(SmallDemoTests), nameof(ServeTests), nameof(HubRunTests), nameof(SweepTests),
        nameof(SameMomentTests),
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
    [
        .. testCollections
            .OrderBy(collection => collection.TestCollectionClassName is null)
            .ThenBy(collection => Rank(collection.TestCollectionDisplayName))
            .ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal),
    ];

    private static int Rank(string collection) =>
        Array.FindIndex(Longest, name => collection.Contains($".{name}", StringComparison.Ordinal)) is >= 0 and var rank ? rank : Longest.Length;
}
