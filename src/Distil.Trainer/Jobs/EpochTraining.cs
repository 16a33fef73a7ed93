using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Jobs;

/// <summary>The training of one epoch in one process: all processes of a job train the same student, each on its micro-batches of every step.</summary>
internal sealed class EpochTraining : IDisposable
{
    /// <summary>On a GPU, each reading of a step's metrics waits for the device.</summary>
    private const int StepsBetweenReadings = 10;

    private readonly ComputeContext _context;
    private readonly Weights _weights;
    private readonly OpenShard _shards;
    private readonly StoredRows _rows;
    private readonly StoredTargets? _stored;
    private readonly ITargetSource? _targets;
    private readonly RowOrder _order;

    /// <summary>Restores the student.</summary>
    /// <param name="context">What it works with.</param>
    /// <param name="weights">The weights to train.</param>
    /// <param name="files">Rows, teacher's outputs and checkpoint.</param>
    /// <param name="fetch">What fetches the shards; null in a process that another fetches them for.</param>
    internal EpochTraining(ComputeContext context, Weights weights, TrainingFiles files, ShardFetch? fetch = null)
    {
        (_context, _weights) = (context, weights);
        _shards = new OpenShard(new ShardFiles(files, context.Ranks.Rank, shard =>
        {
            fetch?.Check(shard);
            context.Ranks.ThrowIfLost();
            context.Stop.ThrowIfCancellationRequested();
        }));
        try
        {
            _rows = new StoredRows(_shards, context.Device);
            _stored = files.WithTargets ? new StoredTargets(_shards, TeachJob.SettingsOf(context.Spec), context.Device) : null;
            Student = context.CreateStudent(weights.Student);
            context.Ranks.ShareStart(Student.TrainableParameters.Select(parameter => parameter.Value));
            _order = OrderOf(context.Spec, _rows.RowsOfShards);
            var teaching = Teaching();
            _targets = teaching?.Targets;
            Stages = RunStages.Of(context, Student, teaching, TotalSteps, Rounding(files.Folder));
            From = files.Checkpoint is null
                ? TrainingPosition.Start
                : CheckpointFolder.Load(files.Checkpoint, context.IdentityOf(weights), Stages).Position;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>The student.</value>
    internal IStudentModel Student { get; }

    /// <value>The stages of the run's training.</value>
    internal TrainingStages Stages { get; }

    /// <value>The position at which it starts.</value>
    internal TrainingPosition From { get; }

    /// <value>Optimiser steps of an epoch.</value>
    internal long StepsPerEpoch => _order.StepsPerEpoch;

    private long TotalSteps => StepsPerEpoch * _context.Spec.Training.Epochs;

    /// <summary>The order of a run's rows.</summary>
    internal static RowOrder OrderOf(RunSpec spec, IReadOnlyList<long> rowsOfShards) =>
        new(spec.Seed, rowsOfShards, spec.Training.BatchSize, spec.Training.GradientAccumulation);

    /// <summary>Creates the loop over the epoch's steps.</summary>
    /// <param name="time">The clock for the speed.</param>
    /// <param name="onStep">Receives each step's metrics, in order.</param>
    internal TrainingLoop Loop(TimeProvider time, Action<StepMetrics> onStep) => new(
        Stages, _rows, _order, _targets,
        new TrainingLoopOptions
        {
            Seed = _context.Spec.Seed,
            TotalSteps = TotalSteps,
            CheckpointEverySteps = _context.Spec.Training.CheckpointEverySteps,
            MetricsEverySteps = _context.Device.type == TorchSharp.DeviceType.CUDA ? StepsBetweenReadings : 1,
            Rank = _context.Ranks.Rank,
            Ranks = _context.Ranks.Count,
        },
        time, onStep);

    /// <summary>Trains the epoch in a process that saves and reports nothing.</summary>
    internal void Follow()
    {
        foreach (var _ in Loop(TimeProvider.System, _ => { }).RunEpoch(_weights.Epoch, From, CancellationToken.None))
        {
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Stages?.Dispose();
        Student?.Dispose();
        _shards.Dispose();
    }

    private WeightRounding? Rounding(string folder)
    {
        var rounding = _context.RoundingOf(_weights, Student, Path.Combine(folder, $"forms-{_context.Ranks.Rank}"));
        rounding?.RoundFrozen();
        return rounding;
    }

    private (DeltaDistillation Loss, ITargetSource Targets)? Teaching()
    {
        if (_weights.Student is StudentVariant.WithoutTeacher or StudentVariant.TeacherOnText)
        {
            return null;
        }

        var loss = new DeltaDistillation(_context.Spec.Distillation);
        return _stored is not null
            ? (loss, _stored)
            : (loss, new OnlineTargets(
                _context.LoadTeacher(), TeachJob.SettingsOf(_context.Spec), new HiddenStateAlignment(_context.Spec.Distillation.Alignment).NeedsLayers));
    }
}
