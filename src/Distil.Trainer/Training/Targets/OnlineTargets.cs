using Distil.Core.Documents;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>Runs the teacher for each batch; nothing is stored.</summary>
/// <param name="teacher">The teacher, on the student's device.</param>
/// <param name="settings">Which part of its distributions is compared.</param>
/// <param name="layers">Whether alignment compares layers.</param>
public sealed class OnlineTargets(ILanguageModel teacher, ExtractionSettings settings, bool layers) : ITargetSource
{
    private readonly TeacherExtractor _extractor = new(teacher, settings);

    /// <inheritdoc />
    public TargetSizes Sizes { get; } = TargetSizes.Of(settings);

    /// <inheritdoc />
    public IReadOnlyList<OperationForm> Operations => _extractor.Operations;

    /// <inheritdoc />
    public IReadOnlyList<BatchTargets> Read(MicroBatch rows, IReadOnlyList<TokenBatch> batches) => [.. batches.Select(Read)];

    private BatchTargets Read(TokenBatch batch)
    {
        if (!layers)
        {
            return new(_extractor.Extract(batch.InputIds, batch.Counted), Layers: null);
        }

        using var scope = NewDisposeScope();
        var (outputs, all) = _extractor.ExtractWithLayers(batch.InputIds, batch.Counted);
        return new(outputs.DetachFromDisposeScope(), all.Skip(1).Select(layer => layer.DetachFromDisposeScope()).ToArray()); // [0] is the embedding's output
    }
}
