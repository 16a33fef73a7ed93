namespace Distil.Core.Artifacts.Kinds;

/// <summary>The part of an artifact that one job makes: leased, made and closed as a whole.</summary>
/// <param name="Index">Number in the artifact, from 0.</param>
/// <param name="JobId">The id of the first job that makes it, unique in a run.</param>
/// <param name="Closing">The document that closes it; for weights, the folder of checkpoints that contains one.</param>
/// <param name="Lease">The lease for making it.</param>
/// <param name="Files">The blobs that <paramref name="Closing"/> makes count; empty if nothing reads them by name.</param>
public sealed record Part(int Index, string JobId, string Closing, string Lease, IReadOnlyList<string> Files)
{
    /// <summary>Whether a blob belongs to this part.</summary>
    public bool Contains(string blob) =>
        blob == Closing || Files.Contains(blob) || (Closing.EndsWith('/') && blob.StartsWith(Closing, StringComparison.Ordinal));
}
