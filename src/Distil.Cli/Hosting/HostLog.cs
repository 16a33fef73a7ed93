using Microsoft.Extensions.Logging;

namespace Distil.Cli.Hosting;

/// <summary>What the host logs of its runs for people.</summary>
internal static partial class HostLog
{
    /// <summary>A run's documents cannot be read, so it does not resume.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{RunId} cannot go on: {Reason}")]
    public static partial void RunCannotResume(this ILogger log, string runId, string reason);

    /// <summary>A run stopped by a fault of its host; it can be resumed.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{RunId} was left where it is: {Reason}")]
    public static partial void RunWasLeft(this ILogger log, string runId, string reason);

    /// <summary>This host resumes the run of a process that has died.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{RunId}: the process that drove it has died; it goes on here")]
    public static partial void DriverHasDied(this ILogger log, string runId);

    /// <summary>This host lost the lease of a run; it takes the lease again unless another process holds it.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{RunId}: this process was away for too long and lost the run's lease; it tries to take it again")]
    public static partial void LeaseWasLost(this ILogger log, string runId);

    /// <summary>A disk is full; the run goes on when there is space.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Why}; the run pauses and goes on when there is space (`distil gc` deletes what no run refers to)")]
    public static partial void RunPauses(this ILogger log, string why);

    /// <summary>A run's documents cannot be read, so nobody knows whether it has ended.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{RunId} is passed over: {Reason}")]
    public static partial void RunIsSkipped(this ILogger log, string runId, string reason);

    /// <summary>The speeds of a run that succeeded could not be stored; later plans do without them.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "{RunId}: how fast it was could not be stored for later plans: {Reason}")]
    public static partial void SpeedsNotStored(this ILogger log, string runId, string reason);
}
