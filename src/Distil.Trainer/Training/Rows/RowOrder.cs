using Distil.Inference.Randomness;

namespace Distil.Trainer.Training.Rows;

/// <summary>Rows of one shard that go through the model together.</summary>
/// <param name="Shard">Index of the shard.</param>
/// <param name="Rows">Rows in the shard, in training order.</param>
public sealed record MicroBatch(int Shard, long[] Rows);

/// <summary>The rows of each optimiser step: shards in random order, and the rows of a shard in random order, without leaving any out.</summary>
/// <remarks>
/// A pure function of (seed, epoch): a resumed run needs no saved order. A step uses the next batchSize × accumulation rows. They are divided into
/// micro-batches of batchSize rows. A shard's end also ends a micro-batch: then the step has one more, and each is weighted by its contents. The last step of
/// an epoch has the remaining rows.
/// </remarks>
public sealed class RowOrder
{
    private readonly long _seed;
    private readonly IReadOnlyList<long> _shards;
    private readonly int _batchSize;
    private readonly long _rowsPerStep;

    /// <param name="seed">Any number.</param>
    /// <param name="rowsOfShards">Rows of each shard, ≥ 0.</param>
    /// <param name="batchSize">Rows in a micro-batch, ≥ 1.</param>
    /// <param name="accumulation">Micro-batches in a step, ≥ 1.</param>
    public RowOrder(long seed, IReadOnlyList<long> rowsOfShards, int batchSize, int accumulation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(accumulation, 1);
        _seed = seed;
        _batchSize = batchSize;
        _shards = rowsOfShards;
        _rowsPerStep = (long)batchSize * accumulation;
        StepsPerEpoch = StepsFor(rowsOfShards.Sum(), batchSize, accumulation);
    }

    /// <value>Optimiser steps in an epoch.</value>
    public long StepsPerEpoch { get; }

    /// <summary>Number of optimiser steps in an epoch over a number of rows.</summary>
    public static long StepsFor(long rows, int batchSize, int accumulation)
    {
        var rowsPerStep = (long)batchSize * accumulation;
        return (rows + rowsPerStep - 1) / rowsPerStep;
    }

    /// <summary>Returns the shards whose rows the steps of an epoch use, from a given step on, in the order of <see cref="Steps"/>.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="firstStep">First step, from 0.</param>
    public IEnumerable<int> Shards(int epoch, long firstStep)
    {
        var skip = firstStep * _rowsPerStep;
        foreach (var shard in new SplitMix64(_seed, epoch).Permutation(_shards.Count))
        {
            var count = _shards[(int)shard];
            if (skip < count)
            {
                yield return (int)shard;
            }

            skip = Math.Max(0, skip - count);
        }
    }

    /// <summary>Returns the steps of an epoch, from a given one on, each as its micro-batches.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="firstStep">First step to return, from 0.</param>
    public IEnumerable<IReadOnlyList<MicroBatch>> Steps(int epoch, long firstStep)
    {
        var skip = firstStep * _rowsPerStep;
        var step = new List<MicroBatch>();
        long inStep = 0;
        foreach (var shard in new SplitMix64(_seed, epoch).Permutation(_shards.Count))
        {
            var count = _shards[(int)shard];
            if (skip >= count)
            {
                skip -= count;
                continue;
            }

            var rows = new SplitMix64(_seed, epoch, shard + 1).Permutation(count);
            for (var next = skip; next < count;)
            {
                var taken = Math.Min(count - next, _batchSize - inStep % _batchSize);
                step.Add(new((int)shard, rows.AsSpan((int)next, (int)taken).ToArray()));
                next += taken;
                inStep += taken;
                if (inStep < _rowsPerStep)
                {
                    continue;
                }

                yield return step;
                step = [];
                inStep = 0;
            }

            skip = 0;
        }

        if (step.Count > 0)
        {
            yield return step;
        }
    }
}
