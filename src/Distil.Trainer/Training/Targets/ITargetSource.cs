using Distil.Core.Documents;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Targets;

/// <summary>A source of the teacher's outputs for a batch.</summary>
public interface ITargetSource
{
    /// <value>Sizes of the outputs.</value>
    TargetSizes Sizes { get; }

    /// <value>The form of each operation that makes them; empty if they are read.</value>
    IReadOnlyList<OperationForm> Operations => [];

    /// <summary>Returns the teacher's outputs for the rows of a micro-batch. It is called from one thread, which need not be that of the training.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="batches">Their tokens.</param>
    /// <returns>The targets of each batch, outside of every dispose scope; the caller disposes them.</returns>
    IReadOnlyList<BatchTargets> Read(MicroBatch rows, IReadOnlyList<TokenBatch> batches);
}

/// <summary>The teacher's outputs for one batch.</summary>
/// <param name="Outputs">Distributions, and the mean hidden state if alignment needs it.</param>
/// <param name="Layers">Output of each layer without the embedding output, each (B, S, D); null if alignment does not compare layers.</param>
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
