using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Jobs;

/// <summary>Makes a student whose weights are the weighted mean of other runs' students. What exists already is not made again.</summary>
internal sealed class MergeJob(Weights merged) : IJob
{
    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var experts = merged.Run.Experts!;
        var checkpoints = new CheckpointStore(job.Store, merged);
        var made = job.Request.Rebuild || await checkpoints.FindEndAsync(job.Stop) is null;
        if (made)
        {
            await MergeAsync(job, experts, checkpoints);
        }

        return new MergeOutput(experts.Count, made);
    }

    private async Task MergeAsync(JobContext job, IReadOnlyList<Expert> experts, CheckpointStore checkpoints)
    {
        var restored = new List<(string Folder, double Share)>();
        foreach (var expert in experts)
        {
            job.Progress.Report("fetch the experts", restored.Count, experts.Count, "students");
            restored.Add((await RestoreAsync(job, expert), expert.Share));
        }

        job.Progress.Report("merge", 0, 1, "students");
        using var student = job.CreateStudent();
        WeightedMean.Set(student.TrainableParameters, restored);
        var state = new CheckpointState { Position = TrainingPosition.Start, Seed = job.Spec.Seed, SpecHash = job.IdentityOf(merged) };
        var folder = CheckpointFolder.SaveWeights(Path.Combine(job.Folder, "checkpoints"), state, student.TrainableParameters);
        await checkpoints.SaveAsync(
            step: 0, endOfEpoch: true, new[] { CheckpointFolder.WeightsFile, CheckpointFolder.StateFile }.Select(file => Path.Combine(folder, file)), job.Stop);
    }

    /// <summary>Fetches an expert's checkpoint. Another run made it, so this run cannot have it rebuilt.</summary>
    private static async Task<string> RestoreAsync(JobContext job, Expert expert)
    {
        var folder = Directory.CreateDirectory(Path.Combine(job.Folder, $"expert-{expert.RunId}")).FullName;
        try
        {
            await new CheckpointStore(job.Store, expert.Weights).RestoreEndAsync(folder, job.Stop);
        }
        catch (ArtifactException gone)
        {
            throw new InvalidInputException($"merge.experts: the weights of {expert.RunId} are missing or damaged: {gone.Message}", gone);
        }

        CheckpointFolder.RequireIdentity(folder, expert.Identity);
        return folder;
    }
}
