using System.Text.Json.Nodes;
using Distil.Core.Http;

namespace Distil.Core.Sources;

/// <summary>The location of a model, in the version that was found, so that no run mixes two versions.</summary>
public sealed record ModelLocation
{
    /// <value>A local folder, <c>hf://models/owner/name@commit[/folder]</c>, or a URL.</value>
    public required string Folder { get; init; }

    /// <value>The files to fetch; empty for a local folder.</value>
    public IReadOnlyList<SourceFile> Files { get; init; } = [];

    /// <summary>Returns the local folder, after fetching the files that are missing.</summary>
    /// <param name="catalog">Fetches the files.</param>
    /// <param name="withWeights">Whether weights are needed; everything else is small.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<string> FetchAsync(
        SourceCatalog catalog, bool withWeights, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var (folder, set) = (Folder, ContentAddress.Of(ContentAddress.List(Files, Determinants)));
        foreach (var file in Files.Where(file => withWeights || !WebUrl.WithoutQuery(file.Path).EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            folder = Path.GetDirectoryName(await catalog.FetchAsync(file, set, progress, cancel))!;
        }

        return folder;
    }

    private static JsonNode Determinants(SourceFile file) => ContentAddress.Object(
        ("path", file.Path),
        ("bytes", file.Bytes),
        ("eTag", file.ETag),
        ("identity", file.Identity));
}
