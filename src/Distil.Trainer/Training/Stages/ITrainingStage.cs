using Distil.Core.Documents;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Stages;

/// <summary>A part of a training with a loss, an optimiser and trained weights of its own.</summary>
internal interface ITrainingStage : IDisposable
{
    /// <value>The optimiser of the weights that this stage trains.</value>
    AdamW Optimizer { get; }

    /// <value>The form of each operation of a step.</value>
    IReadOnlyList<OperationForm> Operations { get; }

    /// <summary>Performs an optimiser step.</summary>
    /// <param name="batch">Its rows, with the teacher's outputs if the stage uses them.</param>
    /// <param name="position">The position before the step.</param>
    /// <returns>The step's values on the device, float64, without waiting for it; in the caller's dispose scope.</returns>
    Tensor Run(StepBatch batch, TrainingPosition position);

    /// <summary>Adds a step's values to its metrics.</summary>
    /// <param name="step">What the loop knows of the step.</param>
    /// <param name="values">The result of <see cref="Run"/>.</param>
    StepMetrics Describe(StepMetrics step, ReadOnlySpan<double> values);
}
