using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Training.Steps;

/// <summary>The data of one optimiser step.</summary>
/// <param name="Parts">Its micro-batches, with the teacher's outputs if there is a teacher.</param>
internal sealed record StepBatch(IReadOnlyList<(TokenBatch Rows, BatchTargets? Targets)> Parts) : IDisposable
{
    /// <summary>Reads a step's rows and targets.</summary>
    internal static StepBatch Read(IReadOnlyList<MicroBatch> step, ITrainingRows rows, ITargetSource? targets)
    {
        var parts = new List<(TokenBatch, BatchTargets?)>(step.Count);
        var batch = new StepBatch(parts);
        try
        {
            foreach (var part in step)
            {
                var tokens = rows.Read(part);
                parts.Add((tokens, null));
                if (targets is not null)
                {
                    parts[^1] = (tokens, targets.Read(part, tokens));
                }
            }
        }
        catch
        {
            batch.Dispose();
            throw;
        }

        return batch;
    }

    /// <value>Real tokens.</value>
    internal long Tokens => Parts.Sum(part => part.Rows.Tokens);

    /// <value>Positions over which the losses to the teacher are means.</value>
    internal long Positions => Parts.Sum(part => part.Rows.Positions);

    /// <value>Tokens that count in the losses; null if the rows have no masks.</value>
    internal long? MaskedLabels => Parts.Any(part => part.Rows.IsMasked) ? Parts.Sum(part => part.Rows.Labels) : null;

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
