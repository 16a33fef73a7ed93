namespace Distil.Core.Api;

/// <summary>What a host decides about the API.</summary>
public sealed record ApiOptions
{
    /// <value>Most bytes of a request's body, ≥ 1. Default 1 MiB: a specification has a few KB.</value>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <value>Folder that relative paths in a submitted specification count from. Default: the process's current one.</value>
    public string BaseFolder { get; init; } = Environment.CurrentDirectory;

    /// <value>
    /// Folders in which the local paths of a submitted specification must lie; null (default) allows every path that the process can read,
    /// an empty list none.
    /// </value>
    public IReadOnlyList<string>? PathRoots { get; init; }

    /// <value>Most specifications that are planned at once, ≥ 1: planning reads the teacher's weights. Default: the machine's processors.</value>
    public int PlanningAtOnce { get; init; } = Environment.ProcessorCount;
}
