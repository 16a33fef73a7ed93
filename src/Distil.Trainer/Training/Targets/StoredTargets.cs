using Distil.Core.Errors;
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
    public IReadOnlyList<BatchTargets> Read(MicroBatch rows, IReadOnlyList<TokenBatch> batches)
    {
        using var scope = NewDisposeScope();
        var file = shards.TargetsOf(rows.Shard);
        if (rows.Rows.Sum(file.PositionsOf) is var stored && batches.Sum(batch => batch.Positions) is var counted && stored != counted)
        {
            throw new InvalidInputException($"{file.Path}: has outputs of {stored} positions of these rows, {counted} of which count; expected one for each");
        }

        var outputs = file.ReadRows(rows.Rows, device);
        TeacherTargets[] parts = [.. batches.Select(batch => batch.Places is { } places ? outputs.At(places, batch.Rows) : outputs)];
        return [.. parts.Select(part => new BatchTargets(part.DetachFromDisposeScope(), Layers: null))];
    }
}
