using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Cli.Engine.Journal;

/// <summary>An event of a pipeline. Its code depends on nothing else, so the same entries in order make it do the same again.</summary>
internal sealed record JournalEntry
{
    /// <value><see cref="DocumentVersion.Pipeline"/> in a start; null in the other entries.</value>
    public int? Version { get; init; }

    /// <value>Its index in the journal, from 0.</value>
    public required int Index { get; init; }

    /// <value>The kind of event.</value>
    public required JournalKind Kind { get; init; }

    /// <value>Index of the pipeline's call that it answers, from 0 in the order of calls; null for a start and a signal.</value>
    public int? Call { get; init; }

    /// <value>Name of the activity, the sub-pipeline, the signal or (for a start) the pipeline; for a timer, its duration.</value>
    public required string Name { get; init; }

    /// <value>Hash of the call's input; null if it had none.</value>
    public string? InputHash { get; init; }

    /// <value>The answer, the signal's value or (for a start) the input; null after a failure and for a timer.</value>
    public JsonElement? Value { get; init; }

    /// <value>Why the call failed permanently; null if it did not.</value>
    public JobFailure? Failure { get; init; }

    /// <value>Time of the event: the pipeline's time until the next entry.</value>
    public required DateTimeOffset At { get; init; }
}

/// <summary>The kinds of events.</summary>
internal enum JournalKind
{
    /// <summary>The pipeline started.</summary>
    Start,

    /// <summary>An activity answered.</summary>
    Activity,

    /// <summary>A sub-pipeline ended.</summary>
    SubPipeline,

    /// <summary>A timer fired.</summary>
    Timer,

    /// <summary>A signal arrived.</summary>
    Signal,
}
