using Distil.Core.Documents;
namespace Distil.Trainer.Jobs;

/// <summary>What a train job says of its epoch.</summary>
internal sealed record TrainOutput
{
    /// <value>Optimiser steps of the whole training that are done.</value>
    public required long Steps { get; init; }

    /// <value>Optimiser steps of this job alone.</value>
    public required long StepsHere { get; init; }

    /// <value>The form of each operation of a step on the machine that did it; null in outputs of earlier versions.</value>
    public IReadOnlyList<OperationForm>? Operations { get; init; }

    /// <value>The process's largest resident memory, in bytes; null where unknown.</value>
    public long? PeakMemoryBytes { get; init; }
}
