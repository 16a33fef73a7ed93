using System.Formats.Tar;
using Distil.Core.Api;

namespace Distil.Hosting.Http;

/// <summary>A run's model folder as one file, which is written while it is sent.</summary>
internal static class ModelArchive
{
    /// <summary>Media type of the archive.</summary>
    internal const string ContentType = "application/x-tar";

    /// <summary>Writes the archive: a folder with the run's name. Weights cannot be compressed, so nothing is.</summary>
    internal static async Task WriteAsync(DistilApi api, string runId, IReadOnlyList<string> files, Stream output, CancellationToken cancel)
    {
        await using var archive = new TarWriter(output, leaveOpen: true);
        foreach (var file in files)
        {
            var artifact = await api.ArtifactAsync(runId, file, cancel);
            await using var content = artifact.Content;
            await archive.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, $"{runId}/{Path.GetFileName(file)}") { DataStream = content, ModificationTime = artifact.ModifiedAt }, cancel);
        }
    }
}
