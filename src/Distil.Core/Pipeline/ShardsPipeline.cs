using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>The jobs of consecutive shards, one after the other.</summary>
/// <remarks>A stage with many shards is split into such ranges, so that neither its own history nor a range's exceeds some hundreds of entries.</remarks>
public static class ShardsPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "shards";

    /// <summary>Runs the jobs. The first that does not succeed ends it.</summary>
    public static async Task<JobOutcome> RunAsync(IPipelineContext run, ShardRange range)
    {
        var outcome = new JobOutcome(JobEnd.Succeeded, Tries: 0);
        for (var part = range.First; part < range.End && outcome.End == JobEnd.Succeeded; part++)
        {
            var spec = ShardRange.Of(range.Spec, part, count: 1).Spec;
            var next = await run.CallSubPipelineAsync<JobSpec, JobOutcome>(spec.JobId, JobPipeline.Name, spec);
            outcome = next with { Tries = outcome.Tries + next.Tries, LastFailure = next.LastFailure ?? outcome.LastFailure };
        }

        return outcome;
    }
}
