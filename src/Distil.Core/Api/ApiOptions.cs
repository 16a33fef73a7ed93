namespace Distil.Core.Api;

/// <summary>A host's settings of the API.</summary>
public sealed record ApiOptions
{
    /// <value>Maximum bytes of a request's body, ≥ 1. Default 1 MiB; a specification has a few KB.</value>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <value>Folder that relative paths in a submitted specification start from. Default: the process's current folder.</value>
    public string BaseFolder { get; init; } = Environment.CurrentDirectory;

    /// <value>
    /// Folders in which the local paths of a submitted specification must lie; null (default) allows every path that the process can read,
    /// an empty list none.
    /// </value>
    public IReadOnlyList<string>? PathRoots { get; init; }

    /// <value>Memory of the machine that runs the jobs; null (default) if it is another machine.</value>
    public MachineMemory? Memory { get; init; }

    /// <value>Maximum number of specifications planned at once, ≥ 1: planning reads the teacher's weights. Default: the machine's processors.</value>
    public int PlanningAtOnce { get; init; } = Environment.ProcessorCount;
}
