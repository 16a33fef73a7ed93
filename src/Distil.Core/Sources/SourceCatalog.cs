using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Core.Sources;

/// <summary>Finds the files that a specification's sources name, and reads none of them.</summary>
public sealed class SourceCatalog
{
    /// <summary>The files of some sources: each source in its order, a folder's or glob's files sorted by path, none twice.</summary>
    /// <param name="sources">Files, folders (searched in depth for the format's extension) or globs (<c>*</c>, <c>?</c>, <c>**</c>).</param>
    /// <param name="format">How documents stand in the files.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="InvalidInputException">A source is missing, matches nothing or is of another format by its name.</exception>
    public async Task<IReadOnlyList<SourceFile>> ListAsync(
        IReadOnlyList<string> sources, DatasetFormat format, string field = "dataset.sources", CancellationToken cancel = default)
    {
        var files = new List<SourceFile>();
        foreach (var source in sources)
        {
            files.AddRange(await ListAsync(source, format, field, cancel));
        }

        files = [.. files.DistinctBy(file => file.Path, StringComparer.Ordinal)];
        files.ForEach(file => SourceName.RequireFits(file.Path, format, field));
        return files;
    }

    private async Task<IReadOnlyList<SourceFile>> ListAsync(string source, DatasetFormat format, string field, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(source))
        {
            throw new InvalidInputException($"{field}: a source is empty; expected a file, a folder or a glob");
        }

        return LocalSources.List(source, format, field);
    }
}
