using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Specification;

namespace Distil.Core.Sources.Remote;

/// <summary>Finds the files of a dataset in the Hugging Face hub.</summary>
internal static class HubSources
{
    /// <summary>The files of a source: a folder's files of the format, or the file or the files of the glob.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    internal static async Task<IReadOnlyList<SourceFile>> ListAsync(
        HubClient hub, string source, DatasetFormat format, FieldPath field, ICollection<string>? others, CancellationToken cancel)
    {
        var path = await hub.PinAsync(HubPath.Parse(source, HubKind.Dataset, field), cancel);
        var found = await hub.ListAsync(path, cancel);
        var isGlob = GlobPattern.IsWild(path.Path);
        // A folder gives its files of the format; a file or glob is used as it is.
        var (taken, left) = (found.Where(IsTaken).Select(Of).ToList(), found.Where(file => !IsTaken(file)));
        foreach (var other in left.Where(file => SourceName.IsOfAnother(file.Path.Path, format)))
        {
            others?.Add(other.Path.ToString());
        }

        return taken.Count > 0
            ? taken
            : throw new InvalidInputException(
                field, $"{source} has no files; expected {(isGlob ? "a file that it matches" : $"{SourceName.PatternOf(format)} in it")}");

        bool IsTaken(HubFile file) => isGlob || file.Path.Path == path.Path || SourceName.IsOf(file.Path.Path, format);
    }

    /// <summary>A file of the hub as a source.</summary>
    internal static SourceFile Of(HubFile file) => new() { Path = file.Path.ToString(), Bytes = file.Bytes, Identity = file.Sha256 };
}
