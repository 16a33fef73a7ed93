namespace Distil.Core.Runs.Garbage;

/// <summary>Blobs that nothing refers to.</summary>
/// <param name="Kind">Why nothing does.</param>
/// <param name="Name">What they are: a folder of blobs, with its slash.</param>
/// <param name="Lease">The lease of whoever makes or uses them.</param>
/// <param name="Blobs">Their names, in the order in which they can be deleted: whatever makes the others count comes first.</param>
/// <param name="Bytes">All of them together.</param>
/// <param name="ModifiedAt">When one of them was last written.</param>
public sealed record GarbageItem(GarbageKind Kind, string Name, string Lease, IReadOnlyList<string> Blobs, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>Why an item is unreferenced.</summary>
public enum GarbageKind
{
    /// <summary>Datasets are shared by runs; no run's plan names this one.</summary>
    Dataset,

    /// <summary>Teacher outputs are shared by runs; no run's plan names these.</summary>
    TeacherOutputs,

    /// <summary>A checkpoint without manifest: its writer was killed, or its deletion.</summary>
    TornCheckpoint,

    /// <summary>A checkpoint of a run that has succeeded: its model is exported.</summary>
    OldCheckpoint,

    /// <summary>A run that its user wants to delete.</summary>
    Run,
}
