namespace Distil.Trainer.Evaluation;

/// <summary>How an evaluation is divided into pieces; none of it changes the results.</summary>
public sealed record EvaluationOptions
{
    /// <value>Rows that go through a model together, ≥ 1. Default 8.</value>
    public int BatchRows { get; init; } = 8;

    /// <value>Positions whose logits exist at once, ≥ 1; the memory needed is a few times this × V × 4 bytes. Default 512.</value>
    public int ChunkPositions { get; init; } = 512;
}
