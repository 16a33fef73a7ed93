using Azure;
using Distil.Core.Api;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.Guards;

/// <summary>Answers 503, with the storage's name, to requests for documents for which a storage that hangs gives nothing in time: the live view's user knows
/// within 15 seconds. An answer that has begun (a file) may take longer, and so may requests that change something.</summary>
internal sealed class SlowStorageGuard(RequestDelegate next, DistilApi api, ServeOptions options, Refusal refuse)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!http.Request.Path.StartsWithSegments("/api") || !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
        {
            await next(http);
            return;
        }

        var client = http.RequestAborted;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(client);
        await using var timer = new Timer(_ => End(http, limit), state: null, options.AnswerTime, Timeout.InfiniteTimeSpan);
        http.RequestAborted = limit.Token;
        try
        {
            await next(http);
        }
        catch (Exception late) when (late is OperationCanceledException or RequestFailedException
            && limit.IsCancellationRequested && !client.IsCancellationRequested && !http.Response.HasStarted)
        {
            http.RequestAborted = client;
            await refuse(503, $"storage {api.StorageName} does not answer; ask again later").ExecuteAsync(http);
        }
        finally
        {
            http.RequestAborted = client;
        }
    }

    private static void End(HttpContext http, CancellationTokenSource limit)
    {
        try
        {
            if (!http.Response.HasStarted)
            {
                limit.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The answer came in the same moment.
        }
    }
}
