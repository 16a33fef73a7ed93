using Azure;

namespace Distil.Core.Artifacts;

/// <summary>Limits the time of an operation on a small document: a storage that hangs is told apart from one that is slow, and named.</summary>
internal static class DocumentDeadline
{
    /// <summary>Longer than the client's own retries after refused connections, whose error says more.</summary>
    internal static readonly TimeSpan Usual = TimeSpan.FromSeconds(60);

    /// <summary>HTTP status of the error, as a server gives it that waits for too long.</summary>
    private const int RequestTimeout = 408;

    /// <summary>Runs an operation.</summary>
    /// <param name="blob">The document, for the message.</param>
    /// <param name="container">The container, for the message.</param>
    /// <param name="deadline">Maximum time.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="cancel">Cancels it.</param>
    /// <exception cref="RequestFailedException">It took too long (408).</exception>
    internal static async Task<T> KeepAsync<T>(
        string blob, Uri container, TimeSpan deadline, Func<CancellationToken, Task<T>> operation, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        try
        {
            return await operation(limit.Token);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new RequestFailedException(
                RequestTimeout, $"storage {StorageName.Of(container)} does not answer: nothing came for {blob} within {deadline.TotalSeconds:0.#} seconds", late);
        }
    }
}
