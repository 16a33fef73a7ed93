namespace Distil.Core;

/// <summary>The memory that jobs on a machine may use.</summary>
/// <param name="HostBytes">Bytes of the machine's memory, or of its container's.</param>
/// <param name="CardBytes">Bytes of its largest graphics card; null if it has none.</param>
public sealed record MachineMemory(long HostBytes, long? CardBytes);
