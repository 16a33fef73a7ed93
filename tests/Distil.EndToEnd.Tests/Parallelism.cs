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
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
    [
        .. testCollections
            .OrderBy(collection => collection.TestCollectionClassName is null)
            .ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal),
    ];
}
