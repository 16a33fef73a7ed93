using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>The teacher's outputs as stored for each shard. The files stay their opener's.</summary>
/// <param name="shards">In the dataset's order, row for row as its rows.</param>
/// <param name="device">The student's.</param>
public sealed class StoredTargets(IReadOnlyList<TeacherOutputsFile> shards, Device device) : ITargetSource
{
    /// <inheritdoc />
    public BatchTargets Read(MicroBatch rows, TokenBatch batch) => new(shards[rows.Shard].ReadRows(rows.Rows, device), Layers: null);
}
