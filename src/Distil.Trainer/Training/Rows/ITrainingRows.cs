namespace Distil.Trainer.Training.Rows;

/// <summary>The rows that are trained on, by shard.</summary>
public interface ITrainingRows
{
    /// <value>Rows of each shard.</value>
    IReadOnlyList<long> RowsOfShards { get; }

    /// <summary>Reads rows onto the model's device. Called from one thread, which need not be the training's.</summary>
    /// <returns>Outside of every dispose scope: the caller disposes it.</returns>
    TokenBatch Read(MicroBatch rows);
}
