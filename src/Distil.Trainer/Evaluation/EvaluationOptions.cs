using Distil.Trainer.Ranks;

namespace Distil.Trainer.Evaluation;

/// <summary>How an evaluation is divided into pieces, and what it covers.</summary>
public sealed record EvaluationOptions
{
    /// <value>Rows that go through a model together, ≥ 1. Default 8.</value>
    public int BatchRows { get; init; } = 8;

    /// <value>Positions whose logits exist at once, ≥ 1; the memory needed is a few times this × V × 4 bytes. Default 512.</value>
    public int ChunkPositions { get; init; } = 512;

    /// <value>The processes that share the batches. Each must evaluate the same, and gets the same result. Default this one alone.</value>
    public IRankGroup Ranks { get; init; } = SingleRank.Instance;

    /// <value>Positions at the start of each row whose predictions are not counted, ≥ 0. Default 0.</value>
    public int SkipPositions { get; init; }
}
