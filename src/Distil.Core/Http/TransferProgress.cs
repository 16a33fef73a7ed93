namespace Distil.Core.Http;

/// <summary>The progress of a file's transfer.</summary>
/// <param name="Name">The file.</param>
/// <param name="Done">Bytes transferred, including those of an earlier attempt.</param>
/// <param name="Total">Bytes in all; 0 if unknown.</param>
public sealed record TransferProgress(string Name, long Done, long Total);
