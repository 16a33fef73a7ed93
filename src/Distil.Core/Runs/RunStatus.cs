using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>A run's status for its user, while it runs and afterwards.</summary>
/// <remarks>For people: an older version of distil ignores fields that a newer one adds.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record RunStatus
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>Its state.</value>
    public required RunState State { get; init; }

    /// <value>Whether it has ended.</value>
    [JsonIgnore]
    public bool HasEnded => State.HasEnded();

    /// <value>The current stage: prepare, teach, train, evaluate, export; null before the first. While a part is rebuilt, its stage.</value>
    public JobKind? Stage { get; init; }

    /// <value>Shards or epochs completed in this stage.</value>
    public int StageDone { get; init; }

    /// <value>Shards or epochs in this stage.</value>
    public int StageTotal { get; init; }

    /// <value>When this stage started, or (for training and evaluation) its current epoch; null before the first.</value>
    public DateTimeOffset? StageStartedAt { get; init; }

    /// <value>Epoch from 0 while training or evaluating; null otherwise.</value>
    public int? Epoch { get; init; }

    /// <value>The running jobs, by id. If a stage has many shards, a name such as <c>teach-00000-to-00024</c> represents those of a range, one at a
    /// time.</value>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <value>The parts that are being rebuilt because a job found them missing or damaged; the last is being made, and the others wait for it. Empty if
    /// there are none.</value>
    public IReadOnlyList<Rebuilding> Rebuilding { get; init; } = [];

    /// <value>What the run waits for before it goes on, for instance space on a disk; null if it does not wait.</value>
    public string? Waiting { get; init; }

    /// <value>Number of retries of jobs so far.</value>
    public int Retries { get; init; }

    /// <value>The latest failure, even if the job was retried after it; null if there was none.</value>
    public JobFailure? LastFailure { get; init; }

    /// <value>How the run ended before it was retried, oldest first; empty if it never was.</value>
    public IReadOnlyList<RunEnd> Earlier { get; init; } = [];

    /// <value>Where the run did less than was asked (tokens, shards, documents, files), in sentences; known at its end. Empty if it did all.</value>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <value>The result; null before the end, and for runs of earlier versions.</value>
    public FinalPerplexity? Perplexity { get; init; }

    /// <value>When the run started.</value>
    public required DateTimeOffset StartedAt { get; init; }

    /// <value>When this was last written.</value>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>An end of a run that was retried afterwards.</summary>
/// <param name="State">Failed or cancelled.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Failure">Why it failed; null if it was cancelled.</param>
public sealed record RunEnd(RunState State, DateTimeOffset EndedAt, JobFailure? Failure = null);

/// <summary>The state of a run.</summary>
public enum RunState
{
    /// <summary>Stored, but no host has started it yet.</summary>
    Queued,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Done; the model and the report exist.</summary>
    Succeeded,

    /// <summary>Ended by a failure.</summary>
    Failed,

    /// <summary>Ended by its user; checkpoints are not deleted.</summary>
    Cancelled,

    /// <summary>Started and not ended, but no process drives it: its process was stopped or has died. It can be resumed. Never stored; readers find it
    /// out.</summary>
    Interrupted,
}

/// <summary>A part of an artifact that is being rebuilt.</summary>
/// <param name="Part">The part, by the document or folder that closes it.</param>
/// <param name="Reason">The fault that a job found.</param>
public sealed record Rebuilding(string Part, string Reason);

/// <summary>Properties of a state.</summary>
public static class RunStates
{
    /// <summary>Whether a run in this state has ended.</summary>
    public static bool HasEnded(this RunState state) => state is RunState.Succeeded or RunState.Failed or RunState.Cancelled;
}
