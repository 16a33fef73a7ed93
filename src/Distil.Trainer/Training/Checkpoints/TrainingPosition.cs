namespace Distil.Trainer.Training.Checkpoints;

/// <summary>The position that training has reached. Everything else that a resumed run needs follows from it, the seed and the specification.</summary>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Step">Optimiser steps completed in this epoch.</param>
/// <param name="GlobalStep">Optimiser steps completed in all.</param>
public sealed record TrainingPosition(int Epoch, long Step, long GlobalStep)
{
    /// <value>The position before the first step.</value>
    public static TrainingPosition Start { get; } = new(0, 0, 0);
}
