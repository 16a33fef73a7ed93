using System.Text.Json;
using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;

namespace Distil.Core.Jobs;

/// <summary>How a job ended (<c>result.json</c>). Once it exists it is final: a restarted job returns at once.</summary>
public sealed record JobResult
{
    /// <value>Why the job failed; null if it succeeded.</value>
    public JobFailure? Failure { get; init; }

    /// <value>The job's output, a document of the type that its kind defines (<see cref="TrainOutput"/> names them all); null after a failure.</value>
    public JsonElement? Output { get; init; }

    /// <value>The inputs that the job needs and did not find whole; null unless that is why it failed.</value>
    public IReadOnlyList<MissingInput>? Missing { get; init; }

    /// <value>When it began.</value>
    public required DateTimeOffset StartedAt { get; init; }

    /// <value>When it ended.</value>
    public required DateTimeOffset EndedAt { get; init; }

    /// <value>Whether the job did what was asked.</value>
    [JsonIgnore]
    public bool Succeeded => Failure is null;

    /// <summary>The output as the type that the job's kind defines; null after a failure.</summary>
    /// <exception cref="JsonException">The output is not of that type.</exception>
    public TOutput? ReadOutput<TOutput>()
        where TOutput : class => Output?.Deserialize<TOutput>(DistilJson.Options);
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

    /// <summary>An input is missing or damaged; the pipeline has it rebuilt and then starts the job again.</summary>
    MissingInput,

    /// <summary>Anything that may pass; tried again from the last checkpoint.</summary>
    Transient,
}
