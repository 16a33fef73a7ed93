using System.Globalization;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Jobs;

/// <summary>The shards' files as one process of a training takes them. Process 0 fetches them for all; files in the job's folder tell which are there, and which
/// a process has read.</summary>
/// <param name="files">The training's files.</param>
/// <param name="rank">The process.</param>
/// <param name="check">Throws if a wait for the shard is useless.</param>
internal sealed class ShardFiles(TrainingFiles files, int rank, Action<int> check) : IShardFiles
{
    /// <summary>The time between two looks at a file of another process.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private int? _taken;
    private volatile bool _ended;

    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards { get; } = [.. files.Shards.Select(shard => shard.Rows)];

    /// <inheritdoc />
    public ShardCopy Take(int shard)
    {
        if (_taken is { } before && before != shard)
        {
            Mark(ReadMark(files.Folder, before, rank));
        }

        _taken = shard;
        while (!File.Exists(HereMark(files.Folder, shard)))
        {
            check(shard);
            if (_ended)
            {
                throw new OperationCanceledException();
            }

            Thread.Sleep(Pause);
        }

        return files.Shards[shard];
    }

    /// <inheritdoc />
    public void EndWaits() => _ended = true;

    /// <summary>The file that says that a shard's files are there.</summary>
    internal static string HereMark(string folder, int shard) => In(folder, shard, "here");

    /// <summary>The file that says that a process has read a shard.</summary>
    internal static string ReadMark(string folder, int shard, int rank) => In(folder, shard, string.Create(CultureInfo.InvariantCulture, $"read-{rank}"));

    /// <summary>The path of a copy for this job alone.</summary>
    internal static string OwnCopy(string folder, int shard, string what) => In(folder, shard, what);

    /// <summary>Writes a file that says something by its name.</summary>
    internal static void Mark(string path) => File.Create(path).Dispose();

    private static string In(string folder, int shard, string what) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"shard-{shard:00000}.{what}"));
}
