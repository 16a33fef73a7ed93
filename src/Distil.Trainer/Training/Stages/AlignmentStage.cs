using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Ranks;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Stages;

/// <summary>Trains a linearised student's new weights to give what the teacher's attention gives for the same input, layer by layer: Σ over layers of the
/// mean of (ĥ − h)² + λ·(hM − h)² before the output projection.</summary>
/// <remarks>The inherited weights are the teacher, so that there is no second model. A layer's backward pass follows its forward pass at once: memory holds
/// one layer's.</remarks>
internal sealed class AlignmentStage : ITrainingStage
{
    private readonly LinearisedModel _model;
    private readonly AlignmentStageSpec _spec;
    private readonly LearningRateSchedule _schedule;
    private readonly double _gradientClip;

    /// <param name="model">The student; its inherited weights are frozen for the stage.</param>
    /// <param name="spec">Learning rate and λ.</param>
    /// <param name="schedule">The learning rate by step.</param>
    /// <param name="gradientClip">Largest global gradient norm, &gt; 0.</param>
    /// <param name="ranks">The processes that train together, and from how many trained weights they divide the optimiser's state; null for this one alone.</param>
    internal AlignmentStage(
        LinearisedModel model, AlignmentStageSpec spec, LearningRateSchedule schedule, double gradientClip, (IRankGroup Group, long ShardFrom)? ranks = null)
    {
        (_model, _spec, _schedule, _gradientClip) = (model, spec, schedule, gradientClip);
        model.FreezeInherited(true);
        Optimizer = new AdamW(model.NewParameters, new AdamWOptions { WeightDecay = 0 }.ShardedBy(ranks), ranks: ranks?.Group);
    }

    /// <inheritdoc />
    public AdamW Optimizer { get; }

    /// <inheritdoc />
    public IReadOnlyList<OperationForm> Operations => [.. _model.Operations, Optimizer.Report];

    /// <inheritdoc />
    /// <returns>The gradient's norm, then the loss of each replaced layer.</returns>
    public Tensor Run(StepBatch batch, TrainingPosition position)
    {
        using var scope = NewDisposeScope();
        var layers = zeros(_model.Shape.ReplacedLayers, ScalarType.Float64, _model.Device);
        foreach (var (rows, _) in batch.Parts)
        {
            AlignmentGradients.Add(_model, _spec.MemoryWeight, rows, Math.Max(1, batch.Positions), layers);
        }

        var norm = Optimizer.Step(_schedule.At(position.GlobalStep), _gradientClip, layers).to_type(ScalarType.Float64);
        return cat([norm.unsqueeze(0), layers]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public StepMetrics Describe(StepMetrics step, ReadOnlySpan<double> values)
    {
        var layers = values[1..].ToArray();
        return step with
        {
            Loss = layers.Sum(), LayerLosses = layers, LearningRate = _schedule.At(step.GlobalStep), GradientNorm = values[0],
        };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Optimizer.Dispose();
        _model.FreezeInherited(false);
    }
}
