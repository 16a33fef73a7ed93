using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Jobs;

/// <summary>What jobs log for people. The messages name blobs, never their content.</summary>
internal static partial class JobLog
{
    /// <summary>A job failed; its result says so too.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{JobId}: {Failure}")]
    public static partial void JobFailed(this ILogger log, string jobId, string failure);

    /// <summary>A stored shard is damaged, so the job makes it again.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Damage}; the shard is made again")]
    public static partial void ShardIsMadeAgain(this ILogger log, string damage);

    /// <summary>A checkpoint is damaged, so an earlier one is used.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Damage}")]
    public static partial void CheckpointIsDamaged(this ILogger log, string damage);

    /// <summary>The progress of a job could not be stored; the job continues.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Blob}: progress was not written: {Reason}")]
    public static partial void ProgressWasNotStored(this ILogger log, string blob, string reason);

    /// <summary>The metrics could not be stored between two checkpoints; training continues.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Blob}: was not stored between checkpoints: {Reason}")]
    public static partial void MetricsWereNotStored(this ILogger log, string blob, string reason);

    /// <summary>A kernel cannot be used for an operation.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Operation} uses plain tensor operations: {Reason}")]
    public static partial void PlainOperation(this ILogger log, string operation, string reason);

    /// <summary>The specification asks for bfloat16 on a CPU.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "training.precision is bf16 and the device a CPU: it computes in fp32, which is faster there")]
    public static partial void PrecisionIsFp32(this ILogger log);
}
