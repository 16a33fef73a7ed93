using Distil.Core.Pipeline;
using Microsoft.DurableTask;
using RetryPolicy = Microsoft.DurableTask.RetryPolicy;

namespace Distil.Functions.Activities;

/// <summary>The pipeline's own policy of trying again, in Durable's words.</summary>
internal static class ActivityRetries
{
    /// <summary>How often an activity is called. Bad input is an answer, so it is not tried again.</summary>
    public static TaskOptions Of(Core.Pipeline.RetryPolicy policy) =>
        TaskOptions.FromRetryPolicy(new RetryPolicy(policy.Attempts, policy.FirstPause, backoffCoefficient: 2, policy.LongestPause));
}
