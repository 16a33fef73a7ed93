using Distil.Core.Errors;
using Distil.Trainer.Datasets;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Training.Rows;

/// <summary>The open files of the shard that a training reads now. Rows and targets of a step are read in the order of their shards, so one is enough.</summary>
/// <param name="files">The shards' files.</param>
internal sealed class OpenShard(IShardFiles files) : IDisposable
{
    private int _shard = -1;
    private ShardCopy? _copy;
    private TokenRows? _rows;
    private TeacherOutputsFile? _targets;

    /// <value>Number of training rows of each shard.</value>
    internal IReadOnlyList<long> RowsOfShards => files.RowsOfShards;

    /// <summary>Returns a shard's rows; the files of another shard are closed.</summary>
    /// <exception cref="InvalidInputException">The file has another number of rows than the dataset's manifest says.</exception>
    internal TokenRows RowsOf(int shard)
    {
        var copy = Move(shard);
        _rows ??= TokenRows.Open(copy.RowsPath!);
        return _rows.Rows == copy.Rows
            ? _rows
            : throw new InvalidInputException($"{copy.RowsPath}: has {_rows.Rows} rows; the dataset's manifest says {copy.Rows} for shard {shard}");
    }

    /// <summary>Returns the teacher's outputs for a shard's rows; the files of another shard are closed.</summary>
    internal TeacherOutputsFile TargetsOf(int shard)
    {
        var copy = Move(shard);
        return _targets ??= TeacherOutputsFile.Open(copy.TargetsPath!);
    }

    /// <summary>Ends a wait for a shard's files, on another thread.</summary>
    internal void EndWaits() => files.EndWaits();

    /// <inheritdoc />
    public void Dispose()
    {
        _rows?.Dispose();
        _targets?.Dispose();
        (_rows, _targets, _copy, _shard) = (null, null, null, -1);
    }

    private ShardCopy Move(int shard)
    {
        if (_copy is { } open && _shard == shard)
        {
            return open;
        }

        Dispose();
        var copy = files.Take(shard);
        (_shard, _copy) = (shard, copy);
        return copy;
    }
}
