using System.Collections.Concurrent;

namespace Distil.Core.Api.Operations;

/// <summary>Reads that many ask for at once: who asks while a read of the same thing is under way gets its answer, and only so many are under way.</summary>
/// <remarks>So a crowd that watches a few runs costs storage little, and leaves room for the requests that change something.</remarks>
/// <param name="most">Most reads at once, ≥ 1.</param>
internal sealed class SharedReads<T>(int most)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> _underWay = new();
    private readonly SemaphoreSlim _places = new(most);

    /// <summary>Reads, or joins the read that is under way. The read itself is cancelled by nobody: others may wait for it.</summary>
    public Task<T> GetAsync(string name, Func<Task<T>> read, CancellationToken cancel) =>
        _underWay.GetOrAdd(name, _ => new Lazy<Task<T>>(() => ReadAsync(name, read))).Value.WaitAsync(cancel);

    private async Task<T> ReadAsync(string name, Func<Task<T>> read)
    {
        await _places.WaitAsync();
        _underWay.TryRemove(name, out _); // who comes after the read began might have seen what it misses
        try
        {
            return await read();
        }
        finally
        {
            _places.Release();
        }
    }
}
