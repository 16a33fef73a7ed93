using System.Text.Json;
using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;

namespace Distil.Core.Jobs;

/// <summary>The outcome of a job (<c>result.json</c>). Once it exists it is final: a restarted job returns at once.</summary>
public sealed record JobResult
{
    /// <value>Why the job failed; null if it succeeded.</value>
    public JobFailure? Failure { get; init; }

    /// <value>The job's output, a document of the type that its kind defines (<see cref="TrainOutput"/> names them all); null after a failure.</value>
    public JsonElement? Output { get; init; }

    /// <value>The inputs that are missing or damaged; null unless the job failed because of them.</value>
    public IReadOnlyList<MissingInput>? Missing { get; init; }

    /// <value>What the run's user should know although the job succeeded: where less was done than asked; null for nothing.</value>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <value>The run's result; null unless the job ends the run.</value>
    public FinalPerplexity? Perplexity { get; init; }

    /// <value>When the job started.</value>
    public required DateTimeOffset StartedAt { get; init; }

    /// <value>When the job ended.</value>
    public required DateTimeOffset EndedAt { get; init; }

    /// <value>Whether the job succeeded.</value>
    [JsonIgnore]
    public bool Succeeded => Failure is null;

    /// <summary>The output as the type that the job's kind defines; null after a failure.</summary>
    /// <exception cref="JsonException">The output is not of that type.</exception>
    public TOutput? ReadOutput<TOutput>()
        where TOutput : class => Output?.Deserialize<TOutput>(DistilJson.Options);
}

/// <summary>Why a job failed.</summary>
/// <param name="Class">Determines whether the job is retried.</param>
/// <param name="Message">Names the cause; complete by itself.</param>
/// <param name="Detail">Stack trace or the end of the job's log; null if the message says everything.</param>
public sealed record JobFailure(FailureClass Class, string Message, string? Detail = null);

/// <summary>Classes of failure.</summary>
public enum FailureClass
{
    /// <summary>The user's input cannot be used; never retried.</summary>
    InvalidInput,

    /// <summary>Memory ran out; retried a limited number of times.</summary>
    OutOfMemory,

    /// <summary>The process or machine was taken away; retried from the last checkpoint.</summary>
    Preempted,

    /// <summary>An input is missing or damaged; the pipeline has it rebuilt and then starts the job again.</summary>
    MissingInput,

    /// <summary>A disk was full; retried from the last checkpoint, and counted separately from failures.</summary>
    DiskFull,

    /// <summary>Any transient failure; retried from the last checkpoint.</summary>
    Transient,
}
