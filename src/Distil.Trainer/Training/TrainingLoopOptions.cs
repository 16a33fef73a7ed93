namespace Distil.Trainer.Training;

/// <summary>Options of the loop over an epoch's steps.</summary>
public sealed record TrainingLoopOptions
{
    /// <value>Seed of the random numbers that a step draws; each step adds its number.</value>
    public required long Seed { get; init; }

    /// <value>Optimiser steps of the whole training, which may end inside an epoch.</value>
    public required long TotalSteps { get; init; }

    /// <value>Largest global gradient norm, &gt; 0. Default 1, the paper's.</value>
    public double GradientClip { get; init; } = 1.0;

    /// <value>Optimiser steps between checkpoints inside an epoch, ≥ 1; the end of an epoch always requests one. Default 500.</value>
    public int CheckpointEverySteps { get; init; } = 500;

    /// <value>Number of steps whose metrics are read from the device at once, ≥ 1; a GPU meanwhile continues with two more steps. Default 1.</value>
    public int MetricsEverySteps { get; init; } = 1;

    /// <value>This process's number among those that share the micro-batches of each step, from 0. Default 0.</value>
    public int Rank { get; init; }

    /// <value>Number of these processes, ≥ 1. Default 1.</value>
    public int Ranks { get; init; } = 1;

    /// <value>Positions whose logits exist at one time, ≥ 1; null for the fastest number on the device.</value>
    public int? ChunkPositions { get; init; }
}
