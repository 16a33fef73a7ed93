namespace Distil.Trainer.Evaluation;

/// <summary>How an evaluation is cut into pieces; none of it changes the numbers.</summary>
public sealed record EvaluationOptions
{
    /// <value>Rows that go through a model together, ≥ 1. Default 8.</value>
    public int BatchRows { get; init; } = 8;

    /// <value>Positions whose logits exist at once, ≥ 1: memory is this × V × 4 bytes, a few times over. Default 512.</value>
    public int ChunkPositions { get; init; } = 512;
}
