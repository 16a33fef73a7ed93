namespace Distil.Core.Artifacts;

/// <summary>A blob with its expected length and checksum, as listed in the manifest or result that makes the blob count.</summary>
/// <param name="Name">The blob's full name in the container, from <see cref="ArtifactLayout"/>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256, lower-case hexadecimal.</param>
public sealed record ArtifactFile(string Name, long Bytes, string Sha256);
