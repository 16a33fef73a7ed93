using Distil.Core.Errors;

namespace Distil.Core.Runs.Reading;

/// <summary>What the specification can say and this version cannot do yet.</summary>
internal static class ReservedFeatures
{
    /// <summary>Every use of one. Such a specification can be read and often planned, but not run.</summary>
    public static IReadOnlyList<FieldError> Find(RunSpec spec)
    {
        var errors = new List<FieldError>();
        AddPath(errors, FieldPath.Parse("teacher.path"), spec.Teacher.Path, "a local Hugging Face folder");
        AddPaths(errors, "dataset.sources", spec.Dataset.Sources);
        AddPaths(errors, "dataset.evalSources", spec.Dataset.EvalSources);
        return errors;
    }

    /// <summary>Whether a path is somewhere else than on this machine.</summary>
    public static bool IsRemote(string path) => path.Contains("://", StringComparison.Ordinal);

    private static void AddPaths(List<FieldError> errors, string field, IReadOnlyList<string> paths)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            AddPath(errors, FieldPath.Parse(field).Item(i), paths[i], "a local file, folder or glob");
        }
    }

    private static void AddPath(List<FieldError> errors, FieldPath field, string path, string instead)
    {
        if (IsRemote(path))
        {
            var scheme = path[..(path.IndexOf("://", StringComparison.Ordinal) + 3)];
            errors.Add(new FieldError(field.Pointer, $"{field} is {path}; {scheme} is not in this version yet; use {instead}"));
        }
    }
}
