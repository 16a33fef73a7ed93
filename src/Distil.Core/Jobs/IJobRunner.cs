using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Jobs;

/// <summary>Starts jobs somewhere: as child processes (Cli) or Container Apps job executions (Functions).</summary>
public interface IJobRunner
{
    /// <summary>Starts a job; returns a handle that the other members take. May be called twice for one job: the job's result is final, so it does its work once.</summary>
    /// <param name="kind">What is done: decides which machine does it.</param>
    /// <param name="request">URI of the job's <c>request.json</c>.</param>
    /// <param name="cancel">Cancels the call, not the job.</param>
    Task<string> StartAsync(JobKind kind, Uri request, CancellationToken cancel);

    /// <summary>What the platform says of a job. The result blob outranks it.</summary>
    Task<JobState> PollAsync(string handle, CancellationToken cancel);

    /// <summary>Asks a job to stop and ends it where it does not; returns when it is gone. No error where it has ended already.</summary>
    Task StopAsync(string handle, CancellationToken cancel);
}

/// <summary>What a platform says of a job.</summary>
public enum JobState
{
    /// <summary>Started and not ended, as far as the platform knows.</summary>
    Running,

    /// <summary>Ended, well or badly: read the result.</summary>
    Ended,

    /// <summary>The platform does not know it (for instance: the host was restarted).</summary>
    Unknown,
}
