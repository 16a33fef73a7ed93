namespace Distil.Core.Documents.Reports;

/// <summary>The machine that a job ran on.</summary>
public sealed record MachineSummary
{
    /// <value>Operating system.</value>
    public required string OperatingSystem { get; init; }

    /// <value>The processor that torch used: the CPU's or the GPU's name.</value>
    public required string Device { get; init; }

    /// <value>CPU cores that the process may use.</value>
    public required int Cores { get; init; }

    /// <value>Memory that the process may use, in bytes.</value>
    public required long MemoryBytes { get; init; }

    /// <value>Distil, .NET and torch: name and version.</value>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }
}
