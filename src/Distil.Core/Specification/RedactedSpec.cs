using Distil.Core.Http;

namespace Distil.Core.Specification;

/// <summary>A specification in the form that may be displayed.</summary>
public static class RedactedSpec
{
    /// <summary>Returns the specification without the queries of its URLs, which may be signatures.</summary>
    public static RunSpec Of(RunSpec spec) => spec with
    {
        Teacher = spec.Teacher with { Path = UrlSecrets.WithoutQuery(spec.Teacher.Path) },
        Dataset = spec.Dataset with
        {
            Sources = [.. spec.Dataset.Sources.Select(UrlSecrets.WithoutQuery)],
            EvalSources = [.. spec.Dataset.EvalSources.Select(UrlSecrets.WithoutQuery)],
        },
    };
}
