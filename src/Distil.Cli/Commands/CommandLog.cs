using Microsoft.Extensions.Logging;

namespace Distil.Cli.Commands;

/// <summary>What commands log for people, on the error stream; their results go to the output.</summary>
internal static partial class CommandLog
{
    /// <summary>A new run starts.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId}: {Epochs} epochs of {Steps:N0} steps, {Parameters:N0} parameters to train")]
    public static partial void RunStarts(this ILogger log, string runId, int epochs, long steps, long parameters);

    /// <summary>The disks have less space than a run may need; the run pauses when one is full.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "{RunId}: {Shortage} by the plan's estimates; the run pauses before a stage that does not fit")]
    public static partial void LittleSpace(this ILogger log, string runId, string shortage);

    /// <summary>A run resumes.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} goes on")]
    public static partial void RunResumes(this ILogger log, string runId);

    /// <summary>There is no run to resume.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "no run to go on with: all have ended")]
    public static partial void NothingToResume(this ILogger log);

    /// <summary>A sweep starts.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "Sweep {SweepId}: {Summary}, {AtMost} at once")]
    public static partial void SweepStarts(this ILogger log, string sweepId, string summary, int atMost);

    /// <summary>A run of a sweep failed.</summary>
    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId}: {Failure}")]
    public static partial void RunFailed(this ILogger log, string runId, string failure);

    /// <summary>No program of this machine opens a file.</summary>
    [LoggerMessage(Level = LogLevel.Error, Message = "nothing on this machine opens {Path}: {Reason}")]
    public static partial void CannotOpen(this ILogger log, string path, string reason);

    /// <summary>A large file has been uploaded.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{File}: {Bytes:N0} bytes are in the hub")]
    public static partial void FileArrived(this ILogger log, string file, long bytes);

    /// <summary>Another process uses an artifact, so gc does not delete it.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Artifact} is in use and was kept")]
    public static partial void ItemIsInUse(this ILogger log, string artifact);
}
