using Distil.Core.Artifacts;

namespace Distil.Trainer.Training.Checkpoints;

/// <summary>A checkpoint's <c>state.json</c>.</summary>
/// <remarks>
/// Learning rate, α, T, row order and random numbers are functions of the position and the seed, so these two are sufficient.
/// </remarks>
public sealed record CheckpointState : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>The position that training has reached.</value>
    public required TrainingPosition Position { get; init; }

    /// <value>Seed of the row order and of the random numbers that a step draws.</value>
    public required long Seed { get; init; }

    /// <value>Hash of what determines the weights; a checkpoint of another specification is refused.</value>
    public required string SpecHash { get; init; }
}
