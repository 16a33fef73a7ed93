using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Jobs;

/// <summary>A job that the pipeline needs, independent of the number of tries.</summary>
public sealed record JobSpec
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>Unique in the run. Retries append to it, see <see cref="Jobs.JobId"/>.</value>
    public required string JobId { get; init; }

    /// <value>The artifact that it makes a part of.</value>
    public required Artifact Makes { get; init; }

    /// <value>The part, from 0.</value>
    public int Part { get; init; }

    /// <value>Whether the part was found damaged: its stored files are then verified before it counts as made.</value>
    public bool Rebuild { get; init; }

    /// <value>Maximum number of retries after a transient failure.</value>
    public int Retries { get; init; }

    /// <value>How often the pipeline polls it.</value>
    public Polling Polling { get; init; } = new();

    /// <value>The kind of job.</value>
    [JsonIgnore]
    public JobKind Kind => Makes.Maker;
}
