using Distil.Core.Jobs;

namespace Distil.Trainer.Ranks;

/// <summary>A process that computed a part of a job has ended before the job.</summary>
/// <param name="failure">The failure that it reported before it ended, or that it was taken away.</param>
public sealed class RankLostException(JobFailure failure) : Exception(failure.Message)
{
    /// <value>The failure of the whole job.</value>
    public JobFailure Failure => failure;
}
