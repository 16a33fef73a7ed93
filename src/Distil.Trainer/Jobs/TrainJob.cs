using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;
using Distil.Core.Telemetry;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Trainer.Jobs;

/// <summary>One epoch of training, from the newest checkpoint on.</summary>
internal sealed class TrainJob : IJob
{
    /// <summary>On a GPU each reading of a step's numbers waits for it.</summary>
    private const int StepsBetweenReadings = 10;

    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var epoch = job.Epoch;
        using var rows = await StoredRows.OpenAsync(job, await job.ReadDatasetAsync());
        using var stored = job.Request.Variant == StudentVariant.Distilled && job.Spec.Teacher.Mode == TeacherMode.Offline ? await StoredTargets.OpenAsync(job) : null;
        using var student = job.CreateStudent();
        using var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions { WeightDecay = job.Spec.Training.WeightDecay });
        job.UsePrecision(student);
        var from = await RestoreAsync(job, epoch, optimizer);
        using var logs = await TrainingLogs.OpenAsync(job, from.GlobalStep);
        var reached = Train(job, student, optimizer, rows, Teaching(job, stored), logs, from);
        using var process = Process.GetCurrentProcess();
        return new TrainOutput { Steps = reached.GlobalStep, StepsHere = reached.GlobalStep - from.GlobalStep, PeakMemoryBytes = process.PeakWorkingSet64 };
    }

    private static TrainingPosition Train(
        JobContext job, ILanguageModel student, AdamW optimizer, StoredRows rows,
        (DeltaDistillation Loss, ITargetSource Targets)? teaching, TrainingLogs logs, TrainingPosition from)
    {
        var training = job.Spec.Training;
        var order = new RowOrder(job.Spec.Seed, rows.RowsOfShards, training.BatchSize, training.GradientAccumulation);
        var total = order.StepsPerEpoch * training.Epochs;
        var options = new TrainingLoopOptions
        {
            Seed = job.Spec.Seed,
            TotalSteps = total,
            GradientClip = training.GradientClip,
            CheckpointEverySteps = training.CheckpointEverySteps,
            MetricsEverySteps = job.Device.type == TorchSharp.DeviceType.CUDA ? StepsBetweenReadings : 1,
        };
        long tokens = 0;
        var loop = new TrainingLoop(
            student, optimizer, LearningRateSchedule.WithRatio(training.LearningRate, training.WarmupRatio, total), rows, order, teaching, options, job.Time, OnStep);

        var position = from;
        job.Progress.Begin();
        // Usually one epoch; an earlier one too where its last checkpoint was lost.
        for (var epoch = from.Epoch; epoch <= job.Epoch; epoch++)
        {
            position = loop.RunEpoch(epoch, position, at => SaveAsync(job, at, at.Step == order.StepsPerEpoch, optimizer, logs).GetAwaiter().GetResult(), job.Stop);
        }

        return position;

        void OnStep(StepMetrics step)
        {
            logs.Write(step);
            tokens += step.Tokens;
            job.Progress.Report("train", step.Step + 1, order.StepsPerEpoch, "steps", tokens, from.Epoch == step.Epoch ? from.Step : 0, step.Loss);
        }
    }

    private static (DeltaDistillation Loss, ITargetSource Targets)? Teaching(JobContext job, StoredTargets? stored)
    {
        if (job.Request.Variant == StudentVariant.WithoutTeacher)
        {
            return null;
        }

        var loss = new DeltaDistillation(job.Spec.Distillation);
        return stored is not null
            ? (loss, stored)
            : (loss, new OnlineTargets(job.LoadTeacher(), TeachJob.SettingsOf(job.Spec), new HiddenStateAlignment(job.Spec.Distillation.Alignment).NeedsLayers));
    }

    private static async Task<TrainingPosition> RestoreAsync(JobContext job, int epoch, AdamW optimizer)
    {
        var folder = Path.Combine(job.Folder, "restored");
        Directory.CreateDirectory(folder);
        var manifest = await Checkpoints(job).RestoreNewestAsync(folder, Console.Error.WriteLine, epoch, job.Stop);
        return manifest is null ? TrainingPosition.Start : CheckpointFolder.Load(folder, Identity(job), optimizer).Position;
    }

    private static async Task SaveAsync(JobContext job, TrainingPosition at, bool endOfEpoch, AdamW optimizer, TrainingLogs logs)
    {
        using var span = DistilTelemetry.Source.StartActivity("checkpoint");
        var state = new CheckpointState { Position = at, Seed = job.Spec.Seed, SpecHash = Identity(job) };
        var folder = CheckpointFolder.Save(Path.Combine(job.Folder, "checkpoints"), state, optimizer);
        await logs.SaveAsync();
        await Checkpoints(job).SaveAsync(at.Epoch, at.Step, endOfEpoch, CheckpointFolder.Files.Select(file => Path.Combine(folder, file)));
        Directory.Delete(folder, recursive: true);
    }

    private static CheckpointStore Checkpoints(JobContext job) => new(job.Store, job.Request.RunId, job.Request.Variant);

    private static string Identity(JobContext job) =>
        Identities.Weights(job.Spec, job.Plan.Student, job.Request.DatasetId, job.Request.TeacherOutputsId, job.Request.Variant);
}
