using Distil.Core.Sources.Remote;

namespace Distil.Core.Specification;

/// <summary>A specification in the form that may be displayed.</summary>
public static class RedactedSpec
{
    /// <summary>Returns the specification without the queries of its URLs, which may be signatures.</summary>
    public static RunSpec Of(RunSpec spec) => spec with
    {
        Teacher = spec.Teacher with { Path = WebFiles.Shown(spec.Teacher.Path) },
        Dataset = spec.Dataset with
        {
            Sources = [.. spec.Dataset.Sources.Select(WebFiles.Shown)],
            EvalSources = [.. spec.Dataset.EvalSources.Select(WebFiles.Shown)],
        },
    };
}
