using System.Collections.Concurrent;
using System.Globalization;
using Distil.Core.Errors;

namespace Distil.Core.Sources;

/// <summary>Compares local files with what a plan found: a run must not read other content than its plan identified.</summary>
internal sealed class PlannedFiles
{
    // A file that was only touched or copied is read once, not for each of its ranges.
    private readonly ConcurrentDictionary<(string Path, long Bytes, DateTime? Modified), string> _contents = new();

    /// <summary>Requires that a local file is the one that was found: of the same length and time of change, or of the same content.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="InvalidInputException">It is missing or has changed.</exception>
    internal string RequireUnchanged(SourceFile planned)
    {
        if (planned.Modified is null)
        {
            return planned.Path; // a plan of an earlier version
        }

        var now = LocalSources.FileAt(planned.Path);
        return now.Bytes == planned.Bytes && (now.Modified == planned.Modified || HasContent(now, planned.Identity))
            ? planned.Path
            : throw new InvalidInputException(
                $"{planned.Path}: has changed since it was planned: it has {Text(now)}; expected {Text(planned)}, or the same content; "
                + "put the file back, or start a new run");
    }

    private bool HasContent(SourceFile now, string? sha256) =>
        sha256 is not null && _contents.GetOrAdd((now.Path, now.Bytes, now.Modified), _ => LocalSources.Fingerprint(now.Path)) == sha256;

    private static string Text(SourceFile file) => string.Create(CultureInfo.InvariantCulture, $"{file.Bytes} bytes, changed {file.Modified:yyyy-MM-dd HH:mm:ss.fff} UTC");
}
