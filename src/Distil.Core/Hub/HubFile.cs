namespace Distil.Core.Hub;

/// <summary>A file of a repository at a commit.</summary>
/// <param name="Path">Its path, with its commit.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal if the hub stores it as a large file; null if the file must be read to know it.</param>
public sealed record HubFile(HubPath Path, long Bytes, string? Sha256)
{
    /// <value>The name that Git gives its content, in lower-case hexadecimal; null for a large file.</value>
    internal string? GitId { get; init; }
}
