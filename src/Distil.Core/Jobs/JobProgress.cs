using System.Text.Json.Serialization;
using Distil.Core.Documents;

namespace Distil.Core.Jobs;

/// <summary>How far a job is; written every few seconds to <c>progress.json</c>.</summary>
/// <remarks>For people: what a newer version of distil adds is passed over by an older one.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record JobProgress
{
    /// <value>What is being done, in a word or two.</value>
    public required string Stage { get; init; }

    /// <value>Work done, in <see cref="Unit"/>.</value>
    public required long Done { get; init; }

    /// <value>Work in all, in <see cref="Unit"/>; 0 where unknown.</value>
    public required long Total { get; init; }

    /// <value>What Done and Total count: tokens, steps, rows.</value>
    public required string Unit { get; init; }

    /// <value>Tokens a second since the job began; null before the first are counted.</value>
    public double? TokensPerSecond { get; init; }

    /// <value>Latest training loss, in nats; null outside training.</value>
    public double? Loss { get; init; }

    /// <value>Expected end; null while unknown.</value>
    public DateTimeOffset? ExpectedEnd { get; init; }

    /// <value>How the operations of the model in training are computed; null outside training.</value>
    public IReadOnlyList<OperationForm>? Operations { get; init; }

    /// <value>When this was written.</value>
    public required DateTimeOffset At { get; init; }
}
