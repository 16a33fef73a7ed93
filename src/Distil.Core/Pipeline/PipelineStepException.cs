using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>A step of the pipeline failed permanently: a job after all its attempts, or (thrown by the host) an activity after its own.</summary>
/// <param name="step">The job or the activity.</param>
/// <param name="failure">The reason.</param>
public sealed class PipelineStepException(string step, JobFailure failure) : Exception($"{step}: {failure.Message}")
{
    /// <value>The reason.</value>
    public JobFailure Failure { get; } = failure;
}
