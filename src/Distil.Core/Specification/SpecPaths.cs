using Distil.Core.Errors;

namespace Distil.Core.Specification;

/// <summary>The single list of a specification's fields that name files: local, in the hub or behind a URL.</summary>
public static class SpecPaths
{
    /// <value>The teacher's folder.</value>
    public static FieldPath Teacher { get; } = FieldPath.Parse("teacher.path");

    /// <value>The text to train on.</value>
    public static FieldPath Sources { get; } = FieldPath.Parse("dataset.sources");

    /// <value>The held-out text.</value>
    public static FieldPath EvalSources { get; } = FieldPath.Parse("dataset.evalSources");

    /// <value>The tasks; each has a path and may have a second one, for its examples.</value>
    public static FieldPath Tasks { get; } = FieldPath.Parse("evaluation.tasks");

    /// <summary>Returns the specification with each of its paths replaced.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="map">Returns the new path for a field and its path.</param>
    public static RunSpec MapPaths(this RunSpec spec, Func<FieldPath, string, string> map) => spec with
    {
        Teacher = spec.Teacher with { Path = map(Teacher, spec.Teacher.Path) },
        Dataset = spec.Dataset with
        {
            Sources = [.. spec.Dataset.Sources.Select((path, i) => map(Sources.Item(i), path))],
            EvalSources = [.. spec.Dataset.EvalSources.Select((path, i) => map(EvalSources.Item(i), path))],
        },
        Evaluation = spec.Evaluation with
        {
            Tasks = [.. spec.Evaluation.Tasks.Select((task, i) => task with
            {
                Path = map(Tasks.Item(i).Field("path"), task.Path),
                ShotsPath = task.ShotsPath is { } shots ? map(Tasks.Item(i).Field("shotsPath"), shots) : null,
            })],
        },
    };

    /// <summary>Returns each of a specification's paths with its field.</summary>
    public static IReadOnlyList<(FieldPath Field, string Path)> Paths(this RunSpec spec)
    {
        var paths = new List<(FieldPath, string)>();
        spec.MapPaths((field, path) =>
        {
            paths.Add((field, path));
            return path;
        });
        return paths;
    }
}
