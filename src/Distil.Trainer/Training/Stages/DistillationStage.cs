using Distil.Core.Documents;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Stages;

/// <summary>Trains on the text and the teacher's distributions, or on the text alone.</summary>
/// <param name="step">A step's computation.</param>
/// <param name="optimizer">The optimiser of the weights that <paramref name="step"/> changes; disposed with the stage if <paramref name="owned"/>.</param>
/// <param name="schedule">The learning rate by step of this stage.</param>
/// <param name="firstStep">The stage's first step in the whole training.</param>
/// <param name="distillation">The loss over time; null to train on the text alone.</param>
/// <param name="owned">Whether the optimiser belongs to the stage.</param>
/// <param name="prepare">Called before each step with its position; null if nothing is to be set.</param>
internal sealed class DistillationStage(
    TrainingStep step, AdamW optimizer, LearningRateSchedule schedule, long firstStep, DeltaDistillation? distillation, bool owned,
    Action<TrainingPosition>? prepare = null) : ITrainingStage
{
    /// <inheritdoc />
    public AdamW Optimizer => optimizer;

    /// <inheritdoc />
    public IReadOnlyList<OperationForm> Operations => step.Operations;

    /// <inheritdoc />
    public Tensor Run(StepBatch batch, TrainingPosition position)
    {
        prepare?.Invoke(position);
        return step.Run(batch, distillation?.At(position.Epoch, position.Step) ?? new DeltaWeights(0, 1, 0), LearningRateAt(position.GlobalStep));
    }

    /// <inheritdoc />
    public StepMetrics Describe(StepMetrics metrics, ReadOnlySpan<double> values)
    {
        var weights = distillation?.At(metrics.Epoch, metrics.Step);
        return metrics with
        {
            Loss = values[(int)TrainingStep.Value.Loss],
            CrossEntropy = values[(int)TrainingStep.Value.CrossEntropy],
            Kl = weights is null ? null : values[(int)TrainingStep.Value.Kl],
            Alignment = weights is { Beta: > 0 } ? values[(int)TrainingStep.Value.Alignment] : null,
            Alpha = weights?.Alpha,
            Temperature = weights?.Temperature,
            Beta = weights?.Beta,
            LearningRate = LearningRateAt(metrics.GlobalStep),
            GradientNorm = values[(int)TrainingStep.Value.GradientNorm],
        };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (owned)
        {
            optimizer.Dispose();
        }
    }

    private double LearningRateAt(long globalStep) => schedule.At(globalStep - firstStep);
}
