using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Api.Requests;

/// <summary>Keeps the local paths of a submitted specification inside the folders that the host allows.</summary>
/// <remarks>By name, before anything on the disk is looked at, so that an answer tells nothing of what is outside. Links inside an allowed folder are the owner's affair.</remarks>
/// <param name="roots">Absolute folders; null allows every path.</param>
internal sealed class PathRoots(IReadOnlyList<string>? roots)
{
    private readonly IReadOnlyList<string>? _folders = roots?.Select(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar).ToList();

    /// <summary>Passes where each local path is allowed.</summary>
    /// <param name="spec">As the reader left it: local paths are absolute and normal.</param>
    /// <exception cref="InvalidInputException">One is not.</exception>
    public void Require(RunSpec spec)
    {
        if (_folders is null)
        {
            return;
        }

        var errors = spec.Paths().Where(path => !IsAllowed(path.Path)).Select(path => FieldError.Of(path.Field, $"is {path.Path}; expected {Expected}")).ToList();
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
