using Distil.Core.Sources;

namespace Distil.Core.Runs;

/// <summary>Where jobs find the teacher, in the version that the plan found: no run mixes two.</summary>
public sealed record TeacherLocation
{
    /// <value>A local folder, or <c>hf://models/owner/name@commit[/folder]</c>.</value>
    public required string Folder { get; init; }

    /// <value>The files to fetch; empty for a local folder.</value>
    public IReadOnlyList<SourceFile> Files { get; init; } = [];

    /// <summary>The folder on this machine, its files fetched where they are not here yet.</summary>
    /// <param name="catalog">Fetches.</param>
    /// <param name="withWeights">Whether weights are needed: all else is small.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<string> FetchAsync(
        SourceCatalog catalog, bool withWeights, IProgress<Sources.Remote.TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var folder = Folder;
        foreach (var file in Files.Where(file => withWeights || !file.Path.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            folder = Path.GetDirectoryName(await catalog.FetchAsync(file.Path, progress, cancel))!;
        }

        return folder;
    }
}
