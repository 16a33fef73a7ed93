using System.Collections.Concurrent;

namespace Distil.Core.Api.Operations;

/// <summary>Shares reads: a caller that asks for something that is about to be read gets the result of that read, and the number of concurrent reads is
/// bounded.</summary>
/// <remarks>Many clients that watch a few runs then cost storage little, and leave room for the requests that change something.</remarks>
/// <param name="most">Maximum number of concurrent reads, ≥ 1.</param>
internal sealed class SharedReads<T>(int most)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> _underWay = new();
    private readonly SemaphoreSlim _places = new(most);

    /// <summary>Reads, or joins a read that has not begun. The read itself is never cancelled: other callers may wait for it.</summary>
    public Task<T> GetAsync(string name, Func<Task<T>> read, CancellationToken cancel) =>
        _underWay.GetOrAdd(name, _ => new Lazy<Task<T>>(() => ReadAsync(name, read))).Value.WaitAsync(cancel);

    private async Task<T> ReadAsync(string name, Func<Task<T>> read)
    {
        await _places.WaitAsync();
        _underWay.TryRemove(name, out _); // a caller that comes after the read began may have seen something that the read misses
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
