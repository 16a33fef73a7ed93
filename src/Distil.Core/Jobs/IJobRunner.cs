using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Jobs;

/// <summary>Starts jobs on a platform: as child processes (Cli) or as executions of Container Apps jobs or jobs of Azure Machine
/// Learning (Functions).</summary>
public interface IJobRunner
{
    /// <summary>Starts a job and returns a handle for the other members. If the platform already runs this request, that job's handle is returned; if the job
    /// has ended, it is started again, and does nothing if it has a result.</summary>
    /// <param name="kind">The kind of job, which determines the machine.</param>
    /// <param name="request">URI of the job's <c>request.json</c>.</param>
    /// <param name="isFirst">Whether no earlier call can have started this request, so that the platform need not be searched for it.</param>
    /// <param name="cancel">Cancels the call, not the job.</param>
    Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel);

    /// <summary>The state of a job according to the platform, which may wait for the job's end for less than a second. The job's result takes precedence.</summary>
    Task<JobState> PollAsync(string handle, CancellationToken cancel);

    /// <summary>Asks a job to stop, and ends it if it does not; returns when it has ended. No error if it has already ended.</summary>
    Task StopAsync(string handle, CancellationToken cancel);

    /// <summary>What the platform says about a job that has ended without a result: its status, and the address of its log.</summary>
    /// <returns>Null if the platform says nothing that helps a reader.</returns>
    Task<string?> DescribeEndAsync(string handle, CancellationToken cancel) => Task.FromResult<string?>(null);
}

/// <summary>The state of a job according to its platform.</summary>
public enum JobState
{
    /// <summary>Started and not ended, as far as the platform knows.</summary>
    Running,

    /// <summary>Ended, successfully or not: the result says which.</summary>
    Ended,

    /// <summary>The platform does not know it (for instance: the host was restarted).</summary>
    Unknown,
}
