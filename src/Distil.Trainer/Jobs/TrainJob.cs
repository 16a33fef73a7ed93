using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Telemetry;
using Distil.Trainer.Ranks;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Jobs;

/// <summary>Trains one student for one epoch, from the newest checkpoint of this epoch or the end of the epoch before.</summary>
internal sealed class TrainJob(Weights weights) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var memory = PeakMemory.Begin();
        var folder = Directory.CreateDirectory(Path.Combine(job.Folder, "restored")).FullName;
        var restored = await new CheckpointStore(job.Store, weights).RestoreAsync(folder, job.Log.CheckpointIsDamaged, job.Stop);
        var shards = await TrainingShards.FindAsync(job, weights, restored ? CheckpointFolder.ReadState(folder).Position : TrainingPosition.Start);
        var files = shards.Files with { Checkpoint = restored ? folder : null };
        await using var fetch = shards.Fetch(job);
        return await job.OnEveryGpuAsync<object>(RankWork.Of(job) with { Training = files }, async (context, others) =>
        {
            using var training = new EpochTraining(context, weights, files, fetch);
            using var logs = await TrainingLogs.OpenAsync(context, weights, training.From.GlobalStep);
            var (reached, operations) = await TrainAsync(context, training, logs, others);
            return new TrainOutput
            {
                Steps = reached.GlobalStep,
                StepsHere = reached.GlobalStep - training.From.GlobalStep,
                PeakMemoryBytes = memory.Bytes,
                PeakDeviceMemoryBytes = context.Meter.PeakBytes,
                Operations = operations,
            };
        });
    }

    private async Task<(TrainingPosition Reached, IReadOnlyList<OperationForm> Operations)> TrainAsync(
        JobContext job, EpochTraining training, TrainingLogs logs, RankTeam? others)
    {
        long tokens = 0;
        var loop = training.Loop(job.Time, OnStep);
        var reached = training.From;
        job.Progress.Uses(loop.Operations);
        job.Progress.Begin();
        foreach (var position in loop.RunEpoch(weights.Epoch, training.From, job.Stop))
        {
            job.Ranks.ThrowIfLost(); // the last sums would lack its part
            Task Save() => SaveAsync(job, position, training, logs);
            await (others?.AloneAsync(Save) ?? Save());
            reached = position;
        }

        return (reached, loop.Operations);

        void OnStep(StepMetrics step)
        {
            logs.Write(step);
            tokens += step.Tokens;
            var before = training.From.Epoch == step.Epoch ? training.From.Step : 0;
            job.Progress.Report("train", step.Step + 1, training.StepsPerEpoch, "steps", tokens, before, step.Loss);
        }
    }

    private async Task SaveAsync(JobContext job, TrainingPosition at, EpochTraining training, TrainingLogs logs)
    {
        using var span = DistilTelemetry.Source.StartActivity("checkpoint");
        var state = new CheckpointState { Position = at, Seed = job.Spec.Seed, SpecHash = job.IdentityOf(weights) };
        var folder = CheckpointFolder.Save(
            Path.Combine(job.Folder, "checkpoints"), state, training.Stages.Of(at).Optimizer, training.Student.TrainableParameters);
        await logs.SaveAsync();
        await new CheckpointStore(job.Store, weights).SaveAsync(
            at.Step, at.Step == training.StepsPerEpoch, CheckpointFolder.Files.Select(file => Path.Combine(folder, file)));
        Directory.Delete(folder, recursive: true);
    }
}
