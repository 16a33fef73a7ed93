using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Cli.Engine.Journal;

/// <summary>Something that happened to a pipeline. Its code acts on nothing else, so the entries in order make it do the same again.</summary>
internal sealed record JournalEntry
{
    /// <value><see cref="DocumentVersion.Pipeline"/>, in its start; null in the other entries.</value>
    public int? Version { get; init; }

    /// <value>Its place in the journal, from 0.</value>
    public required int Index { get; init; }

    /// <value>What happened.</value>
    public required JournalKind Kind { get; init; }

    /// <value>Which of the pipeline's calls it answers, from 0 in the order made; null for a start and a signal.</value>
    public int? Call { get; init; }

    /// <value>Of the activity, the sub-pipeline, the signal or (of a start) the pipeline; what a timer waits for.</value>
    public required string Name { get; init; }

    /// <value>Hash of what the call was given; null where it was given nothing.</value>
    public string? InputHash { get; init; }

    /// <value>The answer, the signal's value or (of a start) the input; null after a failure and for a timer.</value>
    public JsonElement? Value { get; init; }

    /// <value>Why the call failed for good; null where it did not.</value>
    public JobFailure? Failure { get; init; }

    /// <value>When it happened: the pipeline's time until the next entry.</value>
    public required DateTimeOffset At { get; init; }
}

/// <summary>What can happen to a pipeline.</summary>
internal enum JournalKind
{
    /// <summary>It began.</summary>
    Start,

    /// <summary>An activity answered.</summary>
    Activity,

    /// <summary>A sub-pipeline ended.</summary>
    SubPipeline,

    /// <summary>A time came.</summary>
    Timer,

    /// <summary>A signal arrived.</summary>
    Signal,
}
