using Microsoft.DurableTask;
using RetryPolicy = Microsoft.DurableTask.RetryPolicy;

namespace Distil.Functions.Activities;

/// <summary>Converts the pipeline's retry policy to Durable's.</summary>
internal static class ActivityRetries
{
    /// <summary>How often an activity is called. Invalid input is returned as an answer, so it is not retried.</summary>
    public static TaskOptions Of(Core.Pipeline.RetryPolicy policy) =>
        TaskOptions.FromRetryPolicy(new RetryPolicy(policy.Attempts, policy.Delays.First, backoffCoefficient: 2, policy.Delays.Max));
}
