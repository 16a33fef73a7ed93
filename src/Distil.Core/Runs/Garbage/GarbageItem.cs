namespace Distil.Core.Runs.Garbage;

/// <summary>Blobs that nothing refers to.</summary>
/// <param name="Kind">Why nothing refers to them.</param>
/// <param name="Name">Their common name: a folder of blobs, with its slash.</param>
/// <param name="Lease">The lease for making or using them.</param>
/// <param name="Blobs">Their names, in the order in which they can be deleted: whatever makes the others count comes first.</param>
/// <param name="Bytes">Their total length.</param>
/// <param name="ModifiedAt">The latest time at which one of them was written.</param>
public sealed record GarbageItem(GarbageKind Kind, string Name, string Lease, IReadOnlyList<string> Blobs, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>Why an item is unreferenced.</summary>
public enum GarbageKind
{
    /// <summary>Datasets are shared by runs; no run's plan names this one.</summary>
    Dataset,

    /// <summary>Teacher outputs are shared by runs; no run's plan names these.</summary>
    TeacherOutputs,

    /// <summary>A checkpoint without manifest: its writing or its deletion was interrupted.</summary>
    TornCheckpoint,

    /// <summary>A checkpoint of a run that has succeeded: its model is exported.</summary>
    OldCheckpoint,

    /// <summary>A run that its user wants to delete.</summary>
    Run,
}
