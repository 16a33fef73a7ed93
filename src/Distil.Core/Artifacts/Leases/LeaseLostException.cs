namespace Distil.Core.Artifacts.Leases;

/// <summary>A process was away for so long that another has its claim now; what it was doing is the other's.</summary>
/// <param name="blob">The claim's blob.</param>
public sealed class LeaseLostException(string blob) : Exception($"{blob}: this claim was not renewed in time; another process has it now");
