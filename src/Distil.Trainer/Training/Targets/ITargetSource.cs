using Distil.Core.Documents;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>Where the teacher's outputs for a batch come from.</summary>
public interface ITargetSource
{
    /// <value>Sizes of the outputs.</value>
    TargetSizes Sizes { get; }

    /// <value>The form of each operation that makes them; empty if they are read.</value>
    IReadOnlyList<OperationForm> Operations => [];

    /// <summary>The teacher's outputs for the rows of a batch. Called from one thread, which need not be the training's.</summary>
    /// <param name="rows">Which rows.</param>
    /// <param name="batch">Their tokens.</param>
    /// <returns>Outside of every dispose scope: the caller disposes it.</returns>
    BatchTargets Read(MicroBatch rows, TokenBatch batch);
}

/// <summary>The teacher's outputs for one batch.</summary>
/// <param name="Outputs">Distributions, and the mean hidden state where alignment needs it.</param>
/// <param name="Layers">After each layer without the embedding output, each (B, S, D); null where alignment does not compare layers.</param>
public sealed record BatchTargets(TeacherTargets Outputs, IReadOnlyList<Tensor>? Layers) : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        Outputs.Dispose();
        foreach (var layer in Layers ?? [])
        {
            layer.Dispose();
        }
    }
}
