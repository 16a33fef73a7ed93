using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>The jobs of consecutive shards, one after the other.</summary>
/// <remarks>A stage with many shards is split into such ranges, and a long range into ranges again, so that no history exceeds some hundreds of entries.</remarks>
public static class ShardsPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "shards";

    /// <summary>Runs the jobs of a part or of a range, each in a history of its own.</summary>
    internal static Task<JobOutcome> CallAsync(IPipelineContext run, ShardRange range) => range.Count == 1
        ? run.CallSubPipelineAsync<JobSpec, JobOutcome>(range.Spec.JobId, JobPipeline.Name, range.Spec)
        : run.CallSubPipelineAsync<ShardRange, JobOutcome>(range.Spec.JobId, Name, range);

    /// <summary>Runs the jobs. The first that does not succeed ends it.</summary>
    public static async Task<JobOutcome> RunAsync(IPipelineContext run, ShardRange range)
    {
        var outcome = new JobOutcome(JobEnd.Succeeded, Tries: 0);
        foreach (var part in range.Cut())
        {
            var next = await CallAsync(run, part);
            outcome = next with { Tries = outcome.Tries + next.Tries, LastFailure = next.LastFailure ?? outcome.LastFailure };
            if (outcome.End != JobEnd.Succeeded)
            {
                break;
            }
        }

        return outcome;
    }
}
