using System.Text.Json;

namespace Distil.Core.Jobs;

/// <summary>How a job ended (<c>result.json</c>). Once it exists it is final: a restarted job returns at once.</summary>
public sealed record JobResult
{
    /// <value>Null where the job succeeded.</value>
    public JobFailure? Failure { get; init; }

    /// <value>What the job has to say: a small JSON object whose shape its kind defines; null after a failure.</value>
    public JsonElement? Output { get; init; }

    /// <value>When it began.</value>
    public required DateTimeOffset StartedAt { get; init; }

    /// <value>When it ended.</value>
    public required DateTimeOffset EndedAt { get; init; }

    /// <value>Whether the job did what was asked.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool Succeeded => Failure is null;
}

/// <summary>Why a job failed.</summary>
/// <param name="Class">Decides whether it is tried again.</param>
/// <param name="Message">Names the cause; stands alone.</param>
/// <param name="Detail">Stack trace or the end of the job's log; null where the message says all.</param>
public sealed record JobFailure(FailureClass Class, string Message, string? Detail = null);

/// <summary>Classes of failure.</summary>
public enum FailureClass
{
    /// <summary>What the user gave cannot be used; never tried again.</summary>
    InvalidInput,

    /// <summary>Memory ran out; tried again a bounded number of times.</summary>
    OutOfMemory,

    /// <summary>The process or machine was taken away; tried again from the last checkpoint.</summary>
    Preempted,

    /// <summary>Anything that may pass; tried again from the last checkpoint.</summary>
    Transient,
}
