namespace Distil.Core.Sources;

/// <summary>A text file at any location, in the version that a plan found.</summary>
public sealed record SourceFile
{
    /// <value>A full local path, <c>hf://datasets/owner/name@commit/path</c>, or an <c>https://</c> URL.</value>
    public required string Path { get; init; }

    /// <value>Length in bytes, as stored (of the compressed file if it is compressed).</value>
    public required long Bytes { get; init; }

    /// <value>The HTTP entity tag that a reader must find again; null for local and hub files, whose paths are sufficient.</value>
    public string? ETag { get; init; }

    /// <value>
    /// An identity of the content if it is known without reading the file: the SHA-256 that a hub gives for a large file, in lower-case hexadecimal, or
    /// <c>web:…</c> with URL, version and length. If it is null, the file itself must be read: its identity is then its SHA-256, too.
    /// </value>
    public string? Identity { get; init; }

    /// <value>When a local file was last changed (UTC): a job compares it, see <see cref="SourceCatalog.RequireUnchanged"/>. Null for remote files.</value>
    public DateTime? Modified { get; init; }

    /// <value>Its compression, from its name.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public Compression Compression => SourceName.CompressionOf(Path);
}
