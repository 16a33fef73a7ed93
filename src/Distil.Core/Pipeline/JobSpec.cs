using System.Text.Json;
using Distil.Core.Jobs;
using Distil.Core.Specification;

namespace Distil.Core.Pipeline;

/// <summary>A job that the pipeline wants done, however often it must be tried.</summary>
public sealed record JobSpec
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>Unique in the run. Further tries add to it, see <see cref="TryId"/>.</value>
    public required string JobId { get; init; }

    /// <value>What is done.</value>
    public required JobKind Kind { get; init; }

    /// <value>The shard, for prepare and teach.</value>
    public int? Shard { get; init; }

    /// <value>The epoch from 0, for train and evaluate.</value>
    public int? Epoch { get; init; }

    /// <value>Which student, for train and evaluate.</value>
    public StudentVariant Variant { get; init; }

    /// <value>Times that it is tried again after a failure that may pass.</value>
    public int Retries { get; init; }

    /// <value>How often the pipeline asks after it.</value>
    public Polling Polling { get; init; } = new();

    /// <summary>The job's id at one try: a result is final, so each try has its own request and result.</summary>
    /// <param name="jobId">The order's <see cref="JobId"/>.</param>
    /// <param name="number">1 for the first try.</param>
    public static string TryId(string jobId, int number) => number == 1 ? jobId : $"{jobId}-try-{number}";
}

/// <summary>How an order ended.</summary>
/// <param name="End">Whether it was done.</param>
/// <param name="Tries">Times that the job was started, ≥ 1; a restart after a lost job is none.</param>
/// <param name="LastFailure">The latest failure, also one that was tried again; null where there was none.</param>
/// <param name="Output">What the job says of its result; null where it failed.</param>
public sealed record JobOutcome(JobEnd End, int Tries, JobFailure? LastFailure = null, JsonElement? Output = null);

/// <summary>How an order can end.</summary>
public enum JobEnd
{
    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Failed for good.</summary>
    Failed,

    /// <summary>Stopped, because the run is cancelled.</summary>
    Cancelled,
}
