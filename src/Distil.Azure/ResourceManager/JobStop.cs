using Distil.Core.Jobs;

namespace Distil.Azure.ResourceManager;

/// <summary>Stops a job of any platform behind Resource Manager.</summary>
internal static class JobStop
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Calls the platform's action and returns when the job has ended. A job that is not running is left alone.</summary>
    /// <param name="resources">Azure Resource Manager.</param>
    /// <param name="handle">Resource id of the job.</param>
    /// <param name="action">Path of the action that stops it.</param>
    /// <param name="runner">Tells the job's state.</param>
    /// <param name="time">Clock of the waits.</param>
    /// <param name="cancel">Cancels the wait.</param>
    /// <exception cref="ResourceManagerException">It was refused, or the job is still running after 10 minutes.</exception>
    public static async Task RunAsync(
        ResourceManagerClient resources, string handle, string action, IJobRunner runner, TimeProvider time, CancellationToken cancel)
    {
        if (await runner.PollAsync(handle, cancel) != JobState.Running)
        {
            return;
        }

        var started = time.GetTimestamp();
        try
        {
            await resources.PostAsync(action, null, once: false, cancel);
        }
        catch (ResourceManagerException refused) when (!refused.MayHaveBeenDone)
        {
            // A job that ends by itself meanwhile cannot be stopped any more.
            if (await runner.PollAsync(handle, cancel) == JobState.Running)
            {
                throw;
            }
        }

        while (await runner.PollAsync(handle, cancel) == JobState.Running)
        {
            if (time.GetElapsedTime(started) > Longest)
            {
                throw new ResourceManagerException(null, $"{handle} is still running {Longest} after it was told to stop");
            }

            await Task.Delay(Pause, time, cancel);
        }
    }
}
