using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Sources;

/// <summary>The location of a model, in the version that was found, so that no run mixes two versions.</summary>
public sealed record ModelLocation
{
    /// <value>A local folder, <c>hf://models/owner/name@commit[/folder]</c>, or a URL.</value>
    public required string Folder { get; init; }

    /// <value>The files to fetch; empty for a local folder.</value>
    public IReadOnlyList<SourceFile> Files { get; init; } = [];

    /// <value>The files of a local folder that determine the model, as the plan found them; null for a remote one, and in plans of earlier versions.</value>
    public IReadOnlyList<SourceFile>? Found { get; init; }

    /// <summary>Returns the local folder, after fetching the files that are missing.</summary>
    /// <param name="catalog">Fetches the files.</param>
    /// <param name="withWeights">Whether weights are needed; everything else is small.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">A file of a local folder has changed since it was found, or was not there.</exception>
    public async Task<string> FetchAsync(
        SourceCatalog catalog, bool withWeights, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var (folder, set) = (Folder, ContentAddress.Of(ContentAddress.List(Files, Determinants)));
        foreach (var file in Files.Where(IsNeeded))
        {
            folder = Path.GetDirectoryName(await catalog.FetchAsync(file, set, progress, cancel))!;
        }

        foreach (var file in Found?.Where(IsNeeded) ?? [])
        {
            catalog.RequireUnchanged(file);
        }

        return Found is null || ModelFiles.Determining.Except(Found.Select(file => Path.GetFileName(file.Path)))
            .Select(name => Path.Combine(folder, name)).FirstOrDefault(FolderWalk.Exists) is not { } added
            ? folder
            : throw new InvalidInputException($"{added}: was not there when the run was planned; expected the model as it was planned, or a new run");

        bool IsNeeded(SourceFile file) => withWeights || !WebUrl.WithoutQuery(file.Path).EndsWith(".safetensors", StringComparison.Ordinal);
    }

    private static JsonNode Determinants(SourceFile file) => ContentAddress.Object(
        ("path", file.Path),
        ("bytes", file.Bytes),
        ("eTag", file.ETag),
        ("identity", file.Identity));
}
