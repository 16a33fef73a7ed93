using Distil.Core.Errors;
using Distil.Trainer.Datasets;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>The teacher's stored outputs, read row by row from memory-mapped files.</summary>
internal sealed class StoredTargets : ITargetSource, IDisposable
{
    private readonly List<TeacherOutputsFile?> _shards = [];
    private readonly Device _device;

    private StoredTargets(Device device) => _device = device;

    /// <summary>Opens the files of all shards.</summary>
    /// <param name="paths">The paths in order; null for a shard without rows.</param>
    /// <param name="device">Device of the targets.</param>
    public static StoredTargets Open(IReadOnlyList<string?> paths, Device device)
    {
        var targets = new StoredTargets(device);
        try
        {
            targets._shards.AddRange(paths.Select(path => path is null ? null : TeacherOutputsFile.Open(path)));
            return targets;
        }
        catch
        {
            targets.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public TargetSizes Sizes =>
        _shards.FirstOrDefault(shard => shard is not null)?.Header is { } header ? new(header.MaxTokens + header.TailDraws, header.InverseTemperatures.Count) : default;

    /// <inheritdoc />
    public BatchTargets Read(MicroBatch rows, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var file = _shards[rows.Shard]!;
        if (rows.Rows.Sum(file.PositionsOf) is var stored && stored != batch.Positions)
        {
            throw new InvalidInputException($"{file.Path}: has outputs of {stored} positions of these rows, {batch.Positions} of which count; expected one for each");
        }

        var outputs = file.ReadRows(rows.Rows, _device);
        if (batch.IsMasked)
        {
            outputs = outputs.At(CountedPositions.Places(batch.Counted!));
        }

        return new BatchTargets(outputs.DetachFromDisposeScope(), Layers: null);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var shard in _shards)
        {
            shard?.Dispose();
        }
    }
}
