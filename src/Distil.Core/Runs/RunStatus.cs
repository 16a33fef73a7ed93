using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>What a user sees of a run while it goes on and after.</summary>
/// <remarks>For people: what a newer version of distil adds is passed over by an older one.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record RunStatus
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>Where it stands.</value>
    public required RunState State { get; init; }

    /// <value>Whether it has ended.</value>
    [JsonIgnore]
    public bool HasEnded => State.HasEnded();

    /// <value>The stage at work: prepare, teach, train, evaluate, export; null before the first. While a part is rebuilt, its stage.</value>
    public JobKind? Stage { get; init; }

    /// <value>Shards or epochs done in this stage.</value>
    public int StageDone { get; init; }

    /// <value>Shards or epochs in this stage.</value>
    public int StageTotal { get; init; }

    /// <value>When this stage began, or (of training and evaluation) this epoch of it; null before the first.</value>
    public DateTimeOffset? StageStartedAt { get; init; }

    /// <value>Epoch from 0 while training or evaluating; null otherwise.</value>
    public int? Epoch { get; init; }

    /// <value>The jobs at work, by id. Where a stage has many shards, a name such as <c>teach-00000-to-00024</c> stands for those of a range, one at a time.</value>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <value>What is rebuilt now because a job found it missing or damaged; the last is at work, and the others wait for it. Empty if nothing is.</value>
    public IReadOnlyList<Rebuilding> Rebuilding { get; init; } = [];

    /// <value>Times that jobs were tried again so far.</value>
    public int Retries { get; init; }

    /// <value>The latest failure, also one that was tried again; null where there was none.</value>
    public JobFailure? LastFailure { get; init; }

    /// <value>When the run began.</value>
    public required DateTimeOffset StartedAt { get; init; }

    /// <value>When this was last written.</value>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Where a run stands.</summary>
public enum RunState
{
    /// <summary>Written down and not begun: its host has not come to it.</summary>
    Queued,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Done; the model and the report are there.</summary>
    Succeeded,

    /// <summary>Ended by a failure.</summary>
    Failed,

    /// <summary>Ended by its user; checkpoints are kept.</summary>
    Cancelled,
}

/// <summary>A part of an artifact that is rebuilt.</summary>
/// <param name="Part">The part, by the document or folder that closes it.</param>
/// <param name="Reason">What a job found wrong.</param>
public sealed record Rebuilding(string Part, string Reason);

/// <summary>What follows from a state.</summary>
public static class RunStates
{
    /// <summary>Whether a run in this state has ended.</summary>
    public static bool HasEnded(this RunState state) => state is RunState.Succeeded or RunState.Failed or RunState.Cancelled;
}
