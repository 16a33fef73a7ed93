using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Training.Steps;

/// <summary>The data of one optimiser step in one process.</summary>
/// <param name="Parts">This process's micro-batches, perhaps in several parts each, with the teacher's outputs if there is a teacher; none if there are fewer micro-batches than processes.</param>
/// <param name="Whole">Counts of all the step's micro-batches.</param>
internal sealed record StepBatch(IReadOnlyList<(TokenBatch Rows, BatchTargets? Targets)> Parts, RowCounts Whole) : IDisposable
{
    /// <summary>A step that one process computes alone.</summary>
    internal StepBatch(IReadOnlyList<(TokenBatch Rows, BatchTargets? Targets)> parts)
        : this(parts, parts.Select(part => part.Rows.Counts).Aggregate((some, others) => some + others))
    {
    }

    /// <summary>Reads a step's rows and targets.</summary>
    /// <param name="step">All the step's micro-batches.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="targets">The teacher's outputs; null without a teacher.</param>
    /// <param name="rank">This process's number; of n processes, it takes every n-th micro-batch from this one on.</param>
    /// <param name="ranks">Number of processes, ≥ 1.</param>
    internal static StepBatch Read(IReadOnlyList<MicroBatch> step, ITrainingRows rows, ITargetSource? targets, int rank = 0, int ranks = 1)
    {
        var (parts, whole) = (new List<(TokenBatch Rows, BatchTargets? Targets)>(step.Count), default(RowCounts));
        try
        {
            foreach (var (number, part) in step.Index())
            {
                if (number % ranks != rank)
                {
                    whole += rows.CountsOf(part);
                    continue;
                }

                var (first, batches) = (parts.Count, rows.Read(part));
                parts.AddRange(batches.Select(batch => (batch, (BatchTargets?)null)));
                whole = batches.Aggregate(whole, (sum, batch) => sum + batch.Counts);
                foreach (var (i, read) in (targets?.Read(part, batches) ?? []).Index())
                {
                    parts[first + i] = (batches[i], read);
                }
            }
        }
        catch
        {
            new StepBatch(parts, whole).Dispose();
            throw;
        }

        return new(parts, whole);
    }

    /// <value>Real tokens of the whole step.</value>
    internal long Tokens => Whole.Tokens;

    /// <value>Positions over which the losses to the teacher are means.</value>
    internal long Positions => Whole.Positions;

    /// <value>Tokens that count in the losses; null if the rows have no masks.</value>
    internal long? MaskedLabels => Whole.IsMasked ? Whole.Labels : null;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var (rows, targets) in Parts)
        {
            rows.Dispose();
            targets?.Dispose();
        }
    }
}
