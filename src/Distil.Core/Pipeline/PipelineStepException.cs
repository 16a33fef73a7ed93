using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>A step of the pipeline failed for good: a job after all its tries, or (thrown by the host) an activity after its own.</summary>
/// <param name="step">The job or the activity.</param>
/// <param name="failure">Why.</param>
public sealed class PipelineStepException(string step, JobFailure failure) : Exception($"{step}: {failure.Message}")
{
    /// <value>Why.</value>
    public JobFailure Failure { get; } = failure;
}
