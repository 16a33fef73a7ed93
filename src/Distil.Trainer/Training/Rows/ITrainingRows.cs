namespace Distil.Trainer.Training.Rows;

/// <summary>The training rows, by shard.</summary>
public interface ITrainingRows
{
    /// <value>Number of rows of each shard.</value>
    IReadOnlyList<long> RowsOfShards { get; }

    /// <summary>Counts what rows contain, without reading them. It is called from the thread of <see cref="Read"/>.</summary>
    RowCounts CountsOf(MicroBatch rows);

    /// <summary>Reads rows onto the model's device. It is called from one thread, which need not be that of the training.</summary>
    /// <returns>A batch, or several that are one together; outside of every dispose scope, and the caller disposes them.</returns>
    IReadOnlyList<TokenBatch> Read(MicroBatch rows);

    /// <summary>Ends a <see cref="Read"/> that waits for its rows, on another thread; it throws.</summary>
    void EndWaits()
    {
    }
}
