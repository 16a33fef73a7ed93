namespace Distil.Trainer.Training.Rows;

/// <summary>The files of the shards that a training reads, one shard after another.</summary>
internal interface IShardFiles
{
    /// <value>Number of training rows of each shard.</value>
    IReadOnlyList<long> RowsOfShards { get; }

    /// <summary>Waits until a shard's files are on this machine's disk. Those of the shard taken before may then be deleted.</summary>
    /// <param name="shard">A shard with rows, at its turn in the order of the training.</param>
    ShardCopy Take(int shard);

    /// <summary>Ends a <see cref="Take"/> that waits, on another thread.</summary>
    void EndWaits();
}

/// <summary>Where a shard's files are on this machine, once they are there.</summary>
/// <param name="Rows">Number of training rows.</param>
/// <param name="RowsPath">Their file; null without rows.</param>
/// <param name="TargetsPath">The file of the teacher's outputs; null if the training reads none, or without rows.</param>
internal sealed record ShardCopy(long Rows, string? RowsPath, string? TargetsPath = null);
