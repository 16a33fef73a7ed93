using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Core.Telemetry;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Jobs;

/// <summary>Trains one student for one epoch, from the newest checkpoint of this epoch or the end of the epoch before.</summary>
internal sealed class TrainJob(Weights weights) : IJob
{
    /// <summary>On a GPU, each reading of a step's metrics waits for the device.</summary>
    private const int StepsBetweenReadings = 10;

    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var memory = PeakMemory.Begin();
        using var rows = await OpenRowsAsync(job);
        using var stored = weights.UsesTeacherOutputs ? await OpenTargetsAsync(job) : null;
        using var student = job.CreateStudent(weights.Student);
        var order = new RowOrder(job.Spec.Seed, rows.RowsOfShards, job.Spec.Training.BatchSize, job.Spec.Training.GradientAccumulation);
        var teaching = Teaching(job, stored);
        using var stages = RunStages.Of(job, student, teaching, order.StepsPerEpoch * job.Spec.Training.Epochs, Rounding(job, student));
        var from = await RestoreAsync(job, stages);
        using var logs = await TrainingLogs.OpenAsync(job, weights, from.GlobalStep);
        var (reached, operations) = await TrainAsync(job, student, stages, rows, order, teaching?.Targets, logs, from);
        return new TrainOutput
        {
            Steps = reached.GlobalStep,
            StepsHere = reached.GlobalStep - from.GlobalStep,
            PeakMemoryBytes = memory.Bytes,
            PeakDeviceMemoryBytes = job.Meter.PeakBytes,
            Operations = operations,
        };
    }

    private async Task<StoredRows> OpenRowsAsync(JobContext job)
    {
        var dataset = await job.Store.ReadJsonAsync<DatasetManifest>(weights.Run.Dataset.Closing, job.Stop);
        return StoredRows.Open(await job.Cache.GetAllAsync(job.Store, dataset.Shards.Select(shard => shard.Train?.File), job.Stop), job.Device);
    }

    private async Task<StoredTargets> OpenTargetsAsync(JobContext job)
    {
        var outputs = await job.Store.ReadJsonAsync<TeacherOutputsManifest>(weights.Run.TeacherOutputs.Closing, job.Stop);
        return StoredTargets.Open(await job.Cache.GetAllAsync(job.Store, outputs.Shards.Select(shard => shard.File), job.Stop), job.Device);
    }

    private async Task<(TrainingPosition Reached, IReadOnlyList<OperationForm> Operations)> TrainAsync(
        JobContext job, IStudentModel student, TrainingStages stages, StoredRows rows, RowOrder order, ITargetSource? targets, TrainingLogs logs,
        TrainingPosition from)
    {
        var options = new TrainingLoopOptions
        {
            Seed = job.Spec.Seed,
            TotalSteps = order.StepsPerEpoch * job.Spec.Training.Epochs,
            CheckpointEverySteps = job.Spec.Training.CheckpointEverySteps,
            MetricsEverySteps = job.Device.type == TorchSharp.DeviceType.CUDA ? StepsBetweenReadings : 1,
        };
        long tokens = 0;
        var loop = new TrainingLoop(stages, rows, order, targets, options, job.Time, OnStep);

        var reached = from;
        job.Progress.Uses(loop.Operations);
        job.Progress.Begin();
        foreach (var position in loop.RunEpoch(weights.Epoch, from, job.Stop))
        {
            await SaveAsync(job, position, position.Step == order.StepsPerEpoch, stages.Of(position).Optimizer, student.TrainableParameters, logs);
            reached = position;
        }

        return (reached, loop.Operations);

        void OnStep(StepMetrics step)
        {
            logs.Write(step);
            tokens += step.Tokens;
            job.Progress.Report("train", step.Step + 1, order.StepsPerEpoch, "steps", tokens, from.Epoch == step.Epoch ? from.Step : 0, step.Loss);
        }
    }

    // The controls are the teacher, which is not exported.
    private WeightRounding? Rounding(JobContext job, IStudentModel student)
    {
        if (job.Spec.Training.Quantize is not { } quantized || weights.Epoch + 1 < weights.Run.Epochs
            || weights.Student is StudentVariant.TeacherOnText or StudentVariant.TeacherOnLoss)
        {
            return null;
        }

        var rounding = WeightRounding.Of(student, quantized.Form, Path.Combine(job.Folder, "forms"));
        rounding.RoundFrozen();
        return rounding;
    }

    private (DeltaDistillation Loss, ITargetSource Targets)? Teaching(JobContext job, StoredTargets? stored)
    {
        if (weights.Student is StudentVariant.WithoutTeacher or StudentVariant.TeacherOnText)
        {
            return null;
        }

        var loss = new DeltaDistillation(job.Spec.Distillation);
        return stored is not null
            ? (loss, stored)
            : (loss, new OnlineTargets(
                job.LoadTeacher(), TeachJob.SettingsOf(job.Spec), new HiddenStateAlignment(job.Spec.Distillation.Alignment).NeedsLayers));
    }

    private async Task<TrainingPosition> RestoreAsync(JobContext job, TrainingStages stages)
    {
        var folder = Directory.CreateDirectory(Path.Combine(job.Folder, "restored")).FullName;
        return await new CheckpointStore(job.Store, weights).RestoreAsync(folder, job.Log.CheckpointIsDamaged, job.Stop)
            ? CheckpointFolder.Load(folder, job.IdentityOf(weights), stages).Position
            : TrainingPosition.Start;
    }

    private async Task SaveAsync(
        JobContext job, TrainingPosition at, bool endOfEpoch, AdamW optimizer, IReadOnlyList<NamedParameter> parameters, TrainingLogs logs)
    {
        using var span = DistilTelemetry.Source.StartActivity("checkpoint");
        var state = new CheckpointState { Position = at, Seed = job.Spec.Seed, SpecHash = job.IdentityOf(weights) };
        var folder = CheckpointFolder.Save(Path.Combine(job.Folder, "checkpoints"), state, optimizer, parameters);
        await logs.SaveAsync();
        await new CheckpointStore(job.Store, weights).SaveAsync(at.Step, endOfEpoch, CheckpointFolder.Files.Select(file => Path.Combine(folder, file)));
        Directory.Delete(folder, recursive: true);
    }
}
