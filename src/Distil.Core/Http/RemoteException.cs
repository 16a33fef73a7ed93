namespace Distil.Core.Http;

/// <summary>A server did not answer as it should, however often it was asked. May pass, so that a job is tried again.</summary>
/// <remarks>The message stands alone: what was asked for, and what became of it.</remarks>
public sealed class RemoteException(string message, Exception? cause = null) : Exception(message, cause);
