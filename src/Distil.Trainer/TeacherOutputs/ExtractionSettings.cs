using Distil.Core.Specification;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Which part of a teacher's outputs is stored.</summary>
public sealed record ExtractionSettings
{
    /// <value>The stored nucleus of each distribution.</value>
    public KeepSpec Keep { get; init; } = new();

    /// <value>Temperature at which <see cref="KeepSpec.TopP"/> is measured, &gt; 0. Default 1; a higher one keeps more tokens of each position.</value>
    public double NucleusTemperature { get; init; } = 1;

    /// <value>The values of 1/T at which the tail is summed, ascending, from <see cref="TemperatureNodes"/>.</value>
    public required IReadOnlyList<double> InverseTemperatures { get; init; }

    /// <value>Whether the mean of the teacher's layers is stored, which alignment needs. Default false.</value>
    public bool MeanHidden { get; init; }

    /// <value>Positions whose logits exist at once, ≥ 1. Default 512.</value>
    public int ChunkPositions { get; init; } = 512;
}
