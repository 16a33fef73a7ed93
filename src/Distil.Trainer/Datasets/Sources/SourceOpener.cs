using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Opens the files of a dataset where they are.</summary>
internal sealed class SourceOpener
{
    /// <summary>Opens a file as it is stored; it can seek.</summary>
    /// <exception cref="InvalidInputException">It is not there, or must not be read.</exception>
    internal Stream Open(SourceRange range)
    {
        try
        {
            return new FileStream(range.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{range.Path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Opens a file at the range's start, uncompressed.</summary>
    internal StoredText OpenText(SourceRange range) => new(Open(range), range);
}
