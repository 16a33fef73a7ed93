namespace Distil.Core.Http;

/// <summary>A server did not answer as expected after all retries. The failure may be transient, so the job is retried.</summary>
/// <remarks>The message is complete by itself: it names the request and its outcome.</remarks>
public sealed class RemoteException(string message, Exception? cause = null) : Exception(message, cause);
