namespace Distil.Core.Runs.Garbage;

/// <summary>The scope of a search for garbage.</summary>
public sealed record GarbageOptions
{
    /// <value>Blobs written later are not garbage: somebody may be about to refer to them.</value>
    public required DateTimeOffset UnchangedSince { get; init; }

    /// <value>Whether checkpoints of runs that have succeeded are garbage. Default no.</value>
    public bool OldCheckpoints { get; init; }

    /// <value>Ended runs to delete, by id, with the artifacts that only they refer to. Default none.</value>
    public IReadOnlyList<string> Runs { get; init; } = [];
}
