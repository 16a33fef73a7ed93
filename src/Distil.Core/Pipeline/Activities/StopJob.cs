using Distil.Core.Jobs;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Stops a job; returns when it has ended.</summary>
public sealed class StopJob(IJobRunner runner) : IActivity<JobHandle, bool>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "stop-job";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<JobHandle, bool> Name { get; } = new(Id, RetryPolicy.Jobs);

    /// <inheritdoc/>
    public async Task<bool> RunAsync(JobHandle input, CancellationToken cancel)
    {
        await runner.StopAsync(input.Handle, cancel);
        return true;
    }
}
