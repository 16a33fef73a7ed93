using Microsoft.Extensions.Logging;

namespace Distil.Core.Http;

/// <summary>Reads bodies of responses: a server that is silent for too long has cut them, and what is cut can be resumed.</summary>
/// <param name="options">Number of tries and the longest silence.</param>
/// <param name="time">The clock.</param>
/// <param name="backoff">Delays between tries.</param>
/// <param name="log">Receives a line before each wait.</param>
internal sealed class HttpBodies(RetryOptions options, TimeProvider time, Backoff backoff, ILogger log)
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Resumes a transfer after each interruption, as long as it advances.</summary>
    /// <param name="what">What is transferred, for messages.</param>
    /// <param name="done">Bytes received so far.</param>
    /// <param name="resume">Sends one request for the rest; returns whether the transfer is complete.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="RemoteException">Several requests in a row transferred nothing.</exception>
    public async Task UntilWholeAsync(string what, Func<long> done, Func<Task<bool>> resume, CancellationToken cancel)
    {
        for (var failures = 0; ; failures++)
        {
            var before = done();
            Exception? cut = null;
            try
            {
                if (await resume())
                {
                    return;
                }
            }
            catch (Exception e) when (TransientFault.IsCut(e) && !cancel.IsCancellationRequested)
            {
                cut = e;
            }

            failures = done() > before ? 0 : failures;
            if (failures + 1 >= options.Tries)
            {
                throw new RemoteException($"{what}: the transfer is cut again and again, and nothing more comes{(cut is null ? "" : $": {cut.Message}")}", cut);
            }

            var delay = backoff.DelayAfter(failures + 1);
            log.ResumingTransfer(what, done(), delay.TotalSeconds);
            await Task.Delay(delay, time, cancel);
        }
    }

    /// <summary>Reads from a body; if the server is silent for too long, the transfer counts as interrupted.</summary>
    public async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancel)
    {
        using var silence = new CancellationTokenSource(options.Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancel);
        try
        {
            return await body.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {options.Silence.TotalSeconds:0} seconds", e);
        }
    }

    /// <summary>Reads the whole body of a small document, with the same limit on silence.</summary>
    /// <param name="response">The response.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The body, at its beginning.</returns>
    /// <exception cref="RemoteException">The body is cut.</exception>
    public async Task<MemoryStream> ReadAllAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return (await ReadWholeAsync(response, long.MaxValue, cancel))!;
        }
        catch (Exception cut) when (TransientFault.IsCut(cut) && !cancel.IsCancellationRequested)
        {
            throw new RemoteException($"{response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path)}: its answer is cut: {cut.Message}", cut);
        }
    }

    /// <summary>Reads the whole body of a document; an interruption is for the caller, who may ask for it again.</summary>
    /// <param name="response">The response.</param>
    /// <param name="maxBytes">The longest body.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The body, at its beginning; null if it is longer.</returns>
    public async Task<MemoryStream?> ReadWholeAsync(HttpResponseMessage response, long maxBytes, CancellationToken cancel)
    {
        var (whole, buffer) = (new MemoryStream(), new byte[BufferBytes]);
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        while (await ReadAsync(body, buffer, cancel) is > 0 and var read)
        {
            whole.Write(buffer, 0, read);
            if (whole.Length > maxBytes)
            {
                return null;
            }
        }

        whole.Position = 0;
        return whole;
    }
}
