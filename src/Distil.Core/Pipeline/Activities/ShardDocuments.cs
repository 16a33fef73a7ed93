using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>The closing documents of a stage's shards.</summary>
internal static class ShardDocuments
{
    private const int ReadsAtOnce = 16;

    /// <summary>Reads those of all shards.</summary>
    /// <returns>The documents in order, and the shards that have none that can be read.</returns>
    public static async Task<(IReadOnlyList<T> Found, IReadOnlyList<int> Missing)> ReadAsync<T>(ArtifactStore store, int shards, Func<int, string> blobOf, CancellationToken cancel)
        where T : class
    {
        var documents = new T?[shards];
        await Parallel.ForAsync(0, shards, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel }, async (shard, stop) =>
        {
            try
            {
                documents[shard] = await store.TryReadJsonAsync<T>(blobOf(shard), stop);
            }
            catch (ArtifactException)
            {
                // Torn: its job finds that too, and makes it again.
            }
        });
        return ([.. documents.OfType<T>()], [.. Enumerable.Range(0, shards).Where(shard => documents[shard] is null)]);
    }
}
