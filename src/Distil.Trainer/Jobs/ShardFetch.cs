using Distil.Core;
using Distil.Core.Artifacts;

namespace Distil.Trainer.Jobs;

/// <summary>Fetches a training's shards in the order in which it reads them, ahead of it: as many as there is room for. What every process has read is deleted
/// if the room is needed.</summary>
/// <remarks>A shard that is larger than the room is fetched alone. If one is damaged, those that fit are fetched too, so that all damaged ones are named at
/// once.</remarks>
internal sealed class ShardFetch : IAsyncDisposable
{
    private readonly ShardFetchPlan _plan;
    private readonly Func<ArtifactFile, string, CancellationToken, Task> _fetch;
    private readonly CancellationTokenSource _stop;
    private readonly Queue<FetchedShard> _held = new();
    private readonly SortedDictionary<int, ArtifactException> _bad = [];
    private readonly Lock _lock = new();
    private readonly Task _work;
    private long _bytes;
    private volatile bool _waits;

    /// <summary>Starts.</summary>
    /// <param name="plan">What to fetch.</param>
    /// <param name="fetch">Fetches and verifies a file.</param>
    /// <param name="stop">Cancelled if the job is to end.</param>
    internal ShardFetch(ShardFetchPlan plan, Func<ArtifactFile, string, CancellationToken, Task> fetch, CancellationToken stop)
    {
        (_plan, _fetch) = (plan, fetch);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _work = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);
    }

    /// <value>Largest number of bytes of its own copies that were on the disk at once.</value>
    internal long MostBytes { get; private set; }

    /// <summary>Throws if a shard will not be there.</summary>
    /// <exception cref="ArtifactException">It is missing in the storage or damaged; the exception names all such files that were found.</exception>
    /// <exception cref="IOException">The disk is full although nothing is left that could be deleted.</exception>
    internal void Check(int shard)
    {
        if (_work.IsFaulted || _work.IsCanceled)
        {
            _work.GetAwaiter().GetResult();
        }

        lock (_lock)
        {
            if (_bad.ContainsKey(shard) && (_waits || _work.IsCompleted))
            {
                throw ArtifactException.All([.. _bad.Values]);
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default); // the reader has thrown its error
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        foreach (var shard in _plan.Shards)
        {
            await MakeRoomAsync(() => _bytes + shard.Bytes > _plan.Room, stop);
            if (await FetchAsync(shard, stop))
            {
                ShardFiles.Mark(ShardFiles.HereMark(_plan.Folder, shard.Index));
            }
        }
    }

    private async Task<bool> FetchAsync(FetchedShard shard, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                foreach (var (file, path) in shard.Files)
                {
                    await _fetch(file, path, stop);
                }

                _held.Enqueue(shard);
                _bytes += shard.Bytes;
                MostBytes = Math.Max(MostBytes, _bytes);
                return true;
            }
            catch (ArtifactException bad)
            {
                lock (_lock)
                {
                    _bad.Add(shard.Index, bad);
                }

                Delete(shard);
                return false;
            }
            catch (Exception full) when (DiskFull.Is(full) && _bytes > 0)
            {
                Delete(shard);
                var before = _bytes;
                await MakeRoomAsync(() => _bytes == before, stop);
            }
        }
    }

    /// <summary>Deletes what was read, the oldest first, as long as more room is needed and there is something; waits for the readers.</summary>
    private async Task MakeRoomAsync(Func<bool> isNeeded, CancellationToken stop)
    {
        while (_held.TryPeek(out var oldest) && isNeeded())
        {
            if (IsRead(oldest))
            {
                Delete(_held.Dequeue());
                _bytes -= oldest.Bytes;
                continue;
            }

            _waits = true;
            await Task.Delay(ShardFiles.Pause, stop);
        }

        _waits = false;
    }

    private bool IsRead(FetchedShard shard) =>
        Enumerable.Range(0, _plan.Ranks).All(rank => File.Exists(ShardFiles.ReadMark(_plan.Folder, shard.Index, rank)));

    private void Delete(FetchedShard shard)
    {
        foreach (var (file, path) in shard.Files.Where(file => FetchedShard.IsOwn(file.Path, _plan.Folder)))
        {
            File.Delete(path);
        }
    }
}

/// <summary>What to fetch for a training.</summary>
/// <param name="Shards">The shards in the order of their use.</param>
/// <param name="Folder">The job's folder.</param>
/// <param name="Room">Bytes that copies in it may take at once.</param>
/// <param name="Ranks">Number of processes that read each shard.</param>
internal sealed record ShardFetchPlan(IReadOnlyList<FetchedShard> Shards, string Folder, long Room, int Ranks);

/// <summary>A shard to fetch.</summary>
/// <param name="Index">The shard.</param>
/// <param name="Files">Its files, and where they are to be.</param>
/// <param name="Bytes">Bytes of those that are for this job alone; copies in the cache are kept, and take no room.</param>
internal sealed record FetchedShard(int Index, IReadOnlyList<(ArtifactFile File, string Path)> Files, long Bytes)
{
    /// <summary>Whether a copy is in the job's folder.</summary>
    internal static bool IsOwn(string path, string folder) => Path.GetDirectoryName(path) == folder;
}
