using System.Text.Json.Serialization;
using Distil.Core.Documents;

namespace Distil.Core.Jobs;

/// <summary>A job's progress, written to <c>progress.json</c> every few seconds.</summary>
/// <remarks>For people: an older version of distil ignores fields that a newer one adds.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record JobProgress
{
    /// <value>The current activity, in a word or two.</value>
    public required string Stage { get; init; }

    /// <value>Work done, in <see cref="Unit"/>.</value>
    public required long Done { get; init; }

    /// <value>Total work, in <see cref="Unit"/>; 0 if unknown.</value>
    public required long Total { get; init; }

    /// <value>What Done and Total count: tokens, steps, rows.</value>
    public required string Unit { get; init; }

    /// <value>Tokens a second since the job started; null before the first are counted.</value>
    public double? TokensPerSecond { get; init; }

    /// <value>Latest training loss, in nats; null outside training.</value>
    public double? Loss { get; init; }

    /// <value>Expected end; null if unknown.</value>
    public DateTimeOffset? ExpectedEnd { get; init; }

    /// <value>Resident memory of the job's process, in bytes; null if it was not reported.</value>
    public long? MemoryBytes { get; init; }

    /// <value>Use of the GPU; null if the job computes on the CPU, or if it was not reported.</value>
    public DeviceUse? Device { get; init; }

    /// <value>How the operations of the model in training are computed; null outside training.</value>
    public IReadOnlyList<OperationForm>? Operations { get; init; }

    /// <value>When this was written.</value>
    public required DateTimeOffset At { get; init; }
}
