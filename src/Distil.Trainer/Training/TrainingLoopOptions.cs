namespace Distil.Trainer.Training;

/// <summary>How the loop goes through an epoch.</summary>
public sealed record TrainingLoopOptions
{
    /// <value>Seeds the random numbers that a step draws, together with its number.</value>
    public required long Seed { get; init; }

    /// <value>Optimiser steps of the whole training; it ends there also inside an epoch.</value>
    public required long TotalSteps { get; init; }

    /// <value>Largest global gradient norm, &gt; 0. Default 1, the paper's.</value>
    public double GradientClip { get; init; } = 1.0;

    /// <value>Optimiser steps between checkpoints inside an epoch, ≥ 1; one is always asked for at an epoch's end. Default 500.</value>
    public int CheckpointEverySteps { get; init; } = 500;

    /// <value>Steps whose numbers are read from the device at one time, ≥ 1; a GPU goes on with two more meanwhile. Default 1.</value>
    public int MetricsEverySteps { get; init; } = 1;

    /// <value>Positions whose logits exist at one time, ≥ 1; null for what is fast on the device.</value>
    public int? ChunkPositions { get; init; }
}
