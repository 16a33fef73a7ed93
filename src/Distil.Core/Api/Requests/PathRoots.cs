using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
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

        List<FieldError> errors = [.. Check(FieldPath.Parse("teacher.path"), spec.Teacher.Path),
            .. CheckAll("dataset.sources", spec.Dataset.Sources), .. CheckAll("dataset.evalSources", spec.Dataset.EvalSources),
            .. spec.Evaluation.Tasks.SelectMany(CheckTask)];
        if (errors.Count > 0)
        {
            throw new InvalidInputException("specification", errors);
        }
    }

    private IEnumerable<FieldError> CheckAll(string field, IReadOnlyList<string> paths) =>
        paths.SelectMany((path, i) => Check(FieldPath.Parse(field).Item(i), path));

    private IEnumerable<FieldError> CheckTask(TaskSpec task, int index)
    {
        var field = FieldPath.Parse("evaluation.tasks").Item(index);
        return [.. Check(field.Field("path"), task.Path), .. task.ShotsPath is { } shots ? Check(field.Field("shotsPath"), shots) : []];
    }

    private IEnumerable<FieldError> Check(FieldPath field, string path)
    {
        if (SourceCatalog.IsRemote(path) || _folders!.Any(root => (path + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal)))
        {
            yield break;
        }

        var expected = _folders!.Count == 0 ? "hf:// or https://, since this server reads no local files" : $"a path in {string.Join(" or ", _folders)}";
        yield return new FieldError(field.Pointer, $"{field} is {path}; expected {expected}");
    }
}
