using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Sweeps;

/// <summary>Runs that differ in some values of one specification.</summary>
/// <param name="Name">The specification's name.</param>
/// <param name="Axes">The fields that vary, in the document's order.</param>
/// <param name="Points">Every combination; the last axis varies fastest.</param>
public sealed record Sweep(string Name, IReadOnlyList<SweepAxis> Axes, IReadOnlyList<SweepPoint> Points);

/// <summary>A field that varies.</summary>
/// <param name="Path">Path of the field, for instance <c>training.learningRate</c>.</param>
/// <param name="Values">Its values, at least one.</param>
public sealed record SweepAxis(string Path, IReadOnlyList<JsonElement> Values);

/// <summary>One run of a sweep.</summary>
/// <param name="Spec">Its specification; the name shows what differs.</param>
/// <param name="Values">The value of each axis, in the axes' order.</param>
public sealed record SweepPoint(RunSpec Spec, IReadOnlyList<JsonElement> Values);

/// <summary>A started sweep (<c>sweeps/{sweepId}.json</c>) with its runs, so that it can be resumed and compared.</summary>
public sealed record SweepDocument : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Id of the sweep.</value>
    public required string SweepId { get; init; }

    /// <value>Its runs, in order.</value>
    public required IReadOnlyList<string> RunIds { get; init; }
}
