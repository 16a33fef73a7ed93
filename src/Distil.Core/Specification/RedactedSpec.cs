namespace Distil.Core.Specification;

/// <summary>A specification in the form that may be displayed.</summary>
public static class RedactedSpec
{
    /// <summary>Returns the specification without the queries of its URLs, which may be signatures.</summary>
    public static RunSpec Of(RunSpec spec) => spec.MapPaths((_, path) => WebUrl.WithoutQuery(path));
}
