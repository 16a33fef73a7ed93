using Distil.Core.Specification;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>What is kept of a teacher's outputs.</summary>
public sealed record ExtractionSettings
{
    /// <value>The nucleus of each distribution that is kept.</value>
    public KeepSpec Keep { get; init; } = new();

    /// <value>Temperature at which <see cref="KeepSpec.TopP"/> is measured, &gt; 0. Default 1; a higher one keeps more tokens of each position.</value>
    public double NucleusTemperature { get; init; } = 1;

    /// <value>1/T at which the tail is summed up, ascending. Made by <see cref="TemperatureNodes"/>.</value>
    public required IReadOnlyList<double> InverseTemperatures { get; init; }

    /// <value>Whether the mean of the teacher's layers is kept, as alignment needs. Default false.</value>
    public bool MeanHidden { get; init; }

    /// <value>Positions whose logits exist at once, ≥ 1. Default 512.</value>
    public int ChunkPositions { get; init; } = 512;
}
