namespace Distil.Core.Sources;

/// <summary>A file of text, wherever it is, in the version that a plan found.</summary>
public sealed record SourceFile
{
    /// <value>A full local path, <c>hf://datasets/owner/name@commit/path</c>, or an <c>https://</c> URL.</value>
    public required string Path { get; init; }

    /// <value>Length in bytes, as stored (compressed, where it is).</value>
    public required long Bytes { get; init; }

    /// <value>The HTTP entity tag that a reader must find again; null for local and hub files, whose paths say it all.</value>
    public string? ETag { get; init; }

    /// <value>
    /// What stands for the content where that is known without reading it: the SHA-256 that a hub gives for a large file, in lower-case hexadecimal,
    /// or <c>git:…</c> and <c>etag:…</c>. Null: the file itself has to be read.
    /// </value>
    public string? Identity { get; init; }

    /// <value>How it is compressed, by its name.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public Compression Compression => SourceName.CompressionOf(Path);
}
