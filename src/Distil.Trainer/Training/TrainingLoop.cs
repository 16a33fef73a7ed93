using System.Runtime.ExceptionServices;
using Distil.Core.Documents;
using Distil.Inference.Randomness;
using Distil.Trainer.Datasets;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Training;

/// <summary>Trains a model epoch by epoch: a student with a teacher or without, or a teacher from scratch.</summary>
/// <remarks>
/// A step depends only on the weights, the optimiser's state, its position and the seed, so a resumed training is identical to an uninterrupted one. While a
/// step computes, the next step's rows and targets are read on another thread.
/// </remarks>
public sealed class TrainingLoop
{
    /// <summary>Steps between two agreements of processes that must save together.</summary>
    private const int AgreementSteps = 16;

    private readonly TrainingStages _stages;
    private readonly ITrainingRows _rows;
    private readonly RowOrder _order;
    private readonly ITargetSource? _targets;
    private readonly TrainingLoopOptions _options;
    private readonly StepReadings _readings;

    /// <param name="model">The model to train.</param>
    /// <param name="optimizer">The optimiser of the model's trainable parameters.</param>
    /// <param name="schedule">The learning rate by global step.</param>
    /// <param name="rows">The training rows.</param>
    /// <param name="order">The order of <paramref name="rows"/>.</param>
    /// <param name="teaching">The loss and the teacher's outputs; null to train on the text alone (α = β = 0).</param>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock for the speed.</param>
    /// <param name="onStep">Receives each step's metrics, in order.</param>
    public TrainingLoop(
        ILanguageModel model, AdamW optimizer, LearningRateSchedule schedule, ITrainingRows rows, RowOrder order,
        (DeltaDistillation Loss, ITargetSource Targets)? teaching, TrainingLoopOptions options, TimeProvider time, Action<StepMetrics> onStep)
        : this(
            TrainingStages.Single(new DistillationStage(
                new TrainingStep(model, optimizer, teaching?.Loss, options.GradientClip, options.ChunkPositions, teaching?.Targets.Sizes),
                optimizer, schedule, firstStep: 0, teaching?.Loss, owned: false)),
            rows, order, teaching?.Targets, options, time, onStep)
    {
    }

    /// <param name="stages">The stages of the training.</param>
    /// <param name="rows">The training rows.</param>
    /// <param name="order">The order of <paramref name="rows"/>.</param>
    /// <param name="targets">The teacher's outputs, for the stages that use them; null to train without a teacher.</param>
    /// <param name="options">The options; the stages clip gradients themselves.</param>
    /// <param name="time">The clock for the speed.</param>
    /// <param name="onStep">Receives each step's metrics, in order.</param>
    internal TrainingLoop(
        TrainingStages stages, ITrainingRows rows, RowOrder order, ITargetSource? targets, TrainingLoopOptions options, TimeProvider time,
        Action<StepMetrics> onStep)
    {
        (_stages, _rows, _order, _targets, _options) = (stages, rows, order, targets, options);
        _readings = new StepReadings(time, onStep);
    }

    /// <value>The form of each operation of a step of the present stage, the teacher's included if it runs in each step.</value>
    public IReadOnlyList<OperationForm> Operations => [.. _stages.Present.Operations, .. _targets?.Operations ?? []];

    /// <summary>Trains to the end of an epoch, or of the whole training if that comes first.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="from">The position that training has reached: in this epoch, or at the end of an earlier one.</param>
    /// <param name="cancel">Checked between steps; every 16 steps if the optimiser is sharded.</param>
    /// <returns>
    /// The positions at which the weights should be saved, each when it is reached: every so many steps, at the end, and before the enumeration throws because
    /// it is cancelled or, unless the optimiser is sharded, cannot read the next rows. None if the epoch is done.
    /// </returns>
    /// <exception cref="NonFiniteTrainingException">A loss or gradient is not finite; that position is not returned.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, after a position was returned.</exception>
    public IEnumerable<TrainingPosition> RunEpoch(int epoch, TrainingPosition from, CancellationToken cancel)
    {
        var position = At(epoch, from.Epoch == epoch ? from.Step : 0);
        if (position.Step >= _order.StepsPerEpoch || position.GlobalStep >= _options.TotalSteps)
        {
            yield break;
        }

        var first = position;
        using var ahead = new Prefetch<StepBatch>(
            _order.Steps(epoch, position.Step).Select((step, i) => StepBatch.Read(
                step, _rows, _stages.UsesTargets(first.GlobalStep + i) ? _targets : null, _options.Rank, _options.Ranks)),
            _rows.EndWaits);
        using var batches = ahead.Items().GetEnumerator();
        _readings.Begin();
        while (true)
        {
            var (batch, unread) = Next(batches);
            if (unread is null ? batch is not null && IsStopped(position, cancel) : position.Step > first.Step && !_stages.Present.Optimizer.IsSharded)
            {
                batch?.Dispose();
                yield return Checked(position);
                cancel.ThrowIfCancellationRequested();
                if (unread is null)
                {
                    yield break; // another process was asked to stop
                }
            }

            unread?.Throw();
            if (batch is null || position.GlobalStep >= _options.TotalSteps)
            {
                batch?.Dispose();
                break;
            }

            using (batch)
            {
                Step(batch, position);
            }

            position = At(epoch, position.Step + 1);
            _readings.ReadEvery(_options.MetricsEverySteps);
            if (position.Step % _options.CheckpointEverySteps == 0 && position.Step < _order.StepsPerEpoch)
            {
                yield return Checked(position);
            }
        }

        yield return Checked(position);
    }

    /// <summary>The next batch, null at the end; or why it cannot be read.</summary>
    private static (StepBatch? Batch, ExceptionDispatchInfo? Unread) Next(IEnumerator<StepBatch> batches)
    {
        try
        {
            return (batches.MoveNext() ? batches.Current : null, null);
        }
        catch (Exception error)
        {
            return (null, ExceptionDispatchInfo.Capture(error));
        }
    }

    private TrainingPosition At(int epoch, long step) => new(epoch, step, epoch * _order.StepsPerEpoch + step);

    private void Step(StepBatch batch, TrainingPosition position)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        using var seeded = random.manual_seed(new SplitMix64(_options.Seed, position.GlobalStep).Below(long.MaxValue));
        var stage = _stages.At(position.GlobalStep);
        _readings.Add(new(position, stage, batch.Tokens, batch.MaskedLabels), stage.Run(batch, position));
    }

    private TrainingPosition Checked(TrainingPosition position)
    {
        _readings.ReadAll(); // throws if a step since the last reading was not finite
        _stages.Present.Optimizer.Gather();
        return position;
    }

    // All processes have a part of a sharded optimiser's state, and only one of them is asked to stop.
    private bool IsStopped(TrainingPosition position, CancellationToken cancel)
    {
        var optimizer = _stages.Present.Optimizer;
        return !optimizer.IsSharded ? cancel.IsCancellationRequested
            : position.Step % AgreementSteps == 0 && optimizer.InAny(cancel.IsCancellationRequested);
    }
}
