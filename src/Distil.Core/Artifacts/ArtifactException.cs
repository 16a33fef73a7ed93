using Distil.Core.Errors;

namespace Distil.Core.Artifacts;

/// <summary>A required blob is missing, or differs from its manifest.</summary>
/// <remarks>The message names the blob, what was found and what was expected.</remarks>
public sealed class ArtifactException : Exception
{
    private const int ChecksumShown = 12;

    private ArtifactException(string blob, string message, Exception? cause = null)
        : base($"{blob}: {message}", cause) => Blobs = [blob];

    private ArtifactException(IReadOnlyList<ArtifactException> several)
        : base($"{several[0].Message} (and {several.Count - 1} more)", several[0]) => Blobs = [.. several.SelectMany(one => one.Blobs)];

    /// <value>The names of the blobs in their container; at least one.</value>
    public IReadOnlyList<string> Blobs { get; }

    /// <summary>One exception for several, at least one.</summary>
    public static ArtifactException All(IReadOnlyList<ArtifactException> several) => several.Count == 1 ? several[0] : new(several);

    /// <summary>An epoch has no intact checkpoint of its end.</summary>
    /// <param name="folder">The epoch's checkpoints.</param>
    /// <param name="found">What is wrong with the existing ones; null if there are none.</param>
    internal static ArtifactException NoCheckpoint(string folder, string? found) =>
        new(folder, $"this folder has no whole checkpoint of the epoch's end{(found is null ? "" : $" ({found})")}");

    internal static ArtifactException Missing(string blob, Exception? cause = null) =>
        new(blob, "this blob is missing", cause);

    internal static ArtifactException WrongSize(ArtifactFile expected, long found) =>
        new(expected.Name, $"this blob has {found} bytes, its manifest says {expected.Bytes}");

    internal static ArtifactException WrongChecksum(ArtifactFile expected, string found) =>
        new(expected.Name, $"this blob has SHA-256 {Shown.Short(found, ChecksumShown)}, its manifest says {Shown.Short(expected.Sha256, ChecksumShown)}");

    /// <summary>A manifest's checksum is invalid and must not become a file's name.</summary>
    public static ArtifactException NoChecksum(ArtifactFile file) =>
        new(file.Name, $"its manifest says {Shown.Short(file.Sha256, ChecksumShown)} for this blob's SHA-256, expected 64 lower-case hexadecimal digits");

    internal static ArtifactException Foreign(string manifest, string name) =>
        new(manifest, $"this manifest names {Shown.Short(name, 200)}, expected files beside it");

    internal static ArtifactException Unreadable(string blob, Exception cause) =>
        new(blob, $"this blob is not the JSON document that was expected (damaged, or another version of distil wrote it): {cause.Message}", cause);

    internal static ArtifactException WrittenByAnother(string blob, long length, Exception cause) =>
        new(blob, $"somebody else has written to this blob after byte {length}, where one writer was expected", cause);
}
