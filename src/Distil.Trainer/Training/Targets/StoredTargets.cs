using Distil.Core.Errors;
using Distil.Trainer.Datasets;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>The teacher's stored outputs, read row by row from memory-mapped files.</summary>
/// <param name="shards">The files.</param>
/// <param name="settings">What is stored of the teacher's distributions.</param>
/// <param name="device">Device of the targets.</param>
internal sealed class StoredTargets(OpenShard shards, ExtractionSettings settings, Device device) : ITargetSource
{
    /// <inheritdoc />
    public TargetSizes Sizes { get; } = TargetSizes.Of(settings);

    /// <inheritdoc />
    public BatchTargets Read(MicroBatch rows, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var file = shards.TargetsOf(rows.Shard);
        if (rows.Rows.Sum(file.PositionsOf) is var stored && stored != batch.Positions)
        {
            throw new InvalidInputException($"{file.Path}: has outputs of {stored} positions of these rows, {batch.Positions} of which count; expected one for each");
        }

        var outputs = file.ReadRows(rows.Rows, device);
        if (batch.IsMasked)
        {
            outputs = outputs.At(CountedPositions.Places(batch.Counted!));
        }

        return new BatchTargets(outputs.DetachFromDisposeScope(), Layers: null);
    }
}
