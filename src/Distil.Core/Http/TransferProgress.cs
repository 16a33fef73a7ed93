namespace Distil.Core.Http;

/// <summary>How far the transfer of a file is.</summary>
/// <param name="Name">The file.</param>
/// <param name="Done">Bytes here, also those of an earlier try.</param>
/// <param name="Total">Bytes in all; 0 where unknown.</param>
public sealed record TransferProgress(string Name, long Done, long Total);
