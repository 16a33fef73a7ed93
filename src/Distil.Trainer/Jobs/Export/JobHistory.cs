using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Specification;

namespace Distil.Trainer.Jobs.Export;

/// <summary>The jobs of a run that have ended, including all tries.</summary>
internal sealed class JobHistory
{
    private readonly List<(JobRequest Request, JobResult Result)> _jobs = [];

    /// <summary>Reads all results of a run.</summary>
    public static async Task<JobHistory> ReadAsync(JobContext job)
    {
        var history = new JobHistory();
        await foreach (var blob in job.Store.ListAsync(ArtifactLayout.AllJobs(job.Request.RunId), job.Stop))
        {
            var jobId = blob.Name.Split('/')[^2];
            if (blob.Name == ArtifactLayout.JobResult(job.Request.RunId, jobId))
            {
                history._jobs.Add((
                    await job.Store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest(job.Request.RunId, jobId), job.Stop),
                    await job.Store.ReadJsonAsync<JobResult>(blob.Name, job.Stop)));
            }
        }

        return history;
    }

    /// <summary>Time of each stage, in order.</summary>
    public IReadOnlyList<StageTiming> Timings =>
    [
        .. from job in _jobs
           group job.Result by job.Request.Kind into stage
           orderby stage.Key
           select new StageTiming(
               stage.Key.ToString().ToLowerInvariant(), stage.Count(), stage.Sum(result => (result.EndedAt - result.StartedAt).TotalSeconds)),
    ];

    /// <summary>The largest memory that a train job of a student used, in bytes; null if none reports it.</summary>
    public long? PeakTrainingMemory(StudentVariant student) => Training(student).Max(output => output.PeakMemoryBytes);

    /// <summary>The form of each operation in a student's training, one for each machine that computed it differently; null if no train job reports
    /// it.</summary>
    public IReadOnlyList<OperationForm>? Operations(StudentVariant student)
    {
        OperationForm[] operations = [.. Training(student).SelectMany(output => output.Operations ?? []).Distinct()];
        return operations.Length > 0 ? operations : null;
    }

    private IEnumerable<TrainOutput> Training(StudentVariant student) =>
        from job in _jobs
        where job.Request is { Kind: JobKind.Train, Makes: Weights weights } && weights.Student == student
        let output = job.Result.ReadOutput<TrainOutput>()
        where output is not null
        select output;
}
