using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Api.Requests;

/// <summary>Restricts the local paths of a submitted specification to the folders that the host allows.</summary>
/// <remarks>The check is by name, before the disk is read, so that an answer reveals nothing about files outside. Links inside an allowed folder are the
/// owner's responsibility.</remarks>
/// <param name="roots">Absolute folders; null allows every path.</param>
internal sealed class PathRoots(IReadOnlyList<string>? roots)
{
    private readonly IReadOnlyList<string>? _folders =
        roots?.Select(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar).ToList();

    /// <summary>Throws unless each local path is allowed.</summary>
    /// <param name="spec">The reader's result: local paths are absolute and normalised.</param>
    /// <exception cref="InvalidInputException">A path is not allowed.</exception>
    public void Require(RunSpec spec)
    {
        if (_folders is null)
        {
            return;
        }

        var errors =
            spec.Paths().Where(path => !IsAllowed(path.Path)).Select(path => FieldError.Of(path.Field, $"is {path.Path}; expected {Expected}")).ToList();
        if (errors.Count > 0)
        {
            throw new InvalidInputException("specification", errors);
        }
    }

    private bool IsAllowed(string path) =>
        SourceCatalog.IsRemote(path) || _folders!.Any(root => (path + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal));

    private string Expected =>
        _folders!.Count == 0 ? "hf:// or https://, since this server reads no local files" : $"a path in {string.Join(" or ", _folders)}";
}
