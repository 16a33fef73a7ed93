namespace Distil.Core.Artifacts;

/// <summary>A checkpoint's closing document. It is written last; a checkpoint without it does not count.</summary>
public sealed record CheckpointManifest : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Epoch, from 0.</value>
    public required int Epoch { get; init; }

    /// <value>Optimiser steps completed in this epoch.</value>
    public required long Step { get; init; }

    /// <value>Whether the epoch is complete.</value>
    public required bool EndOfEpoch { get; init; }

    /// <value>The checkpoint's files.</value>
    public required IReadOnlyList<ArtifactFile> Files { get; init; }
}
