namespace Distil.Core.Artifacts;

/// <summary>A checkpoint's closing document: written last, so that a checkpoint without one does not count.</summary>
public sealed record CheckpointManifest : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Epoch, from 0.</value>
    public required int Epoch { get; init; }

    /// <value>Optimiser steps done in this epoch.</value>
    public required long Step { get; init; }

    /// <value>Whether the epoch is done.</value>
    public required bool EndOfEpoch { get; init; }

    /// <value>The checkpoint's files.</value>
    public required IReadOnlyList<ArtifactFile> Files { get; init; }
}
