using Distil.Core.Jobs;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Stops a job; returns when it is gone.</summary>
public sealed class StopJob(IJobRunner runner) : IActivity<JobHandle, bool>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "stop-job";

    /// <inheritdoc/>
    public async Task<bool> RunAsync(JobHandle input, CancellationToken cancel)
    {
        if (input.Handle.Length > 0)
        {
            await runner.StopAsync(input.Handle, cancel);
        }

        return true;
    }
}
