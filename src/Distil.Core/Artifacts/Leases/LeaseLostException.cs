namespace Distil.Core.Artifacts.Leases;

/// <summary>A process did not renew its lease in time, so that another process holds it now and does its work.</summary>
/// <param name="blob">The lease's blob.</param>
public sealed class LeaseLostException(string blob) : Exception($"{blob}: this lease was not renewed in time; another process holds it now");
