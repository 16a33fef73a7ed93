using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Distil.Core.Http;

/// <summary>Sends HTTP requests, follows redirects, and retries transient failures: lost connections, silent servers, 408, 429 and 5xx, after the delay that
/// the server asks for.</summary>
internal sealed class ResilientHttp
{
    private const int MaxRedirects = 10;
    private const double MinBytesPerSecond = 100_000;
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(8);
    private static readonly ResiliencePropertyKey<long> BodyBytes = new(nameof(BodyBytes));

    // One client for the process, so that connections are shared and reused. The time limit applies to silence, not to the whole response: files are large.
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("distil", "0.1") } },
    };

    private readonly RetryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Backoff _backoff;
    private readonly ResiliencePipeline<HttpResponseMessage> _tries;

    /// <param name="options">Number of tries, delays and time limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a line before each wait.</param>
    public ResilientHttp(RetryOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        _backoff = new Backoff(options.Pause, options.Pause > MaxDelay ? options.Pause : MaxDelay);
        Bodies = new(options, time, _backoff, log);
        var tries = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.Tries > 1)
        {
            tries.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.Tries - 1,
                ShouldHandle = failed => ValueTask.FromResult(MayPass(failed.Outcome)),
                DelayGenerator = failed => ValueTask.FromResult<TimeSpan?>(AskedDelay(failed.Outcome.Result) ?? _backoff.DelayAfter(failed.AttemptNumber + 1)),
                OnRetry = failed =>
                {
                    _log.RetryingRequest(failed.Context.OperationKey!, FaultOf(failed.Outcome), failed.RetryDelay.TotalSeconds);
                    return ValueTask.CompletedTask;
                },
            });
        }

        _tries = tries.AddTimeout(new TimeoutStrategyOptions
        {
            TimeoutGenerator = tried => ValueTask.FromResult(
                options.Silence + TimeSpan.FromSeconds(tried.Context.Properties.GetValue(BodyBytes, 0) / MinBytesPerSecond)),
        }).Build();
    }

    /// <value>Reads the responses' bodies.</value>
    public HttpBodies Bodies { get; }

    /// <summary>Sends a request until there is a final response, and follows redirects. Its body is not read.</summary>
    /// <param name="url">The first URL.</param>
    /// <param name="request">Creates the request for a URL, again for each try; it decides what that host may learn.</param>
    /// <param name="follows">Whether a redirect to a URL is followed; if not, the redirect is the response.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <param name="bodyBytes">Length of the request's body: the server may be silent while it is sent, at 100 kB/s or more.</param>
    /// <exception cref="RemoteException">There is no final response.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Uri url, Func<Uri, ValueTask<HttpRequestMessage>> request, Func<Uri, bool> follows, CancellationToken cancel, long bodyBytes = 0)
    {
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            var response = await SendAsync(url, request, bodyBytes, cancel);
            if (!IsRedirect(response) || new Uri(url, response.Headers.Location!) is var next && !follows(next))
            {
                return response;
            }

            response.Dispose();
            url = next;
        }

        throw new RemoteException($"{Shown(url)}: redirects more than {MaxRedirects} times");
    }

    /// <summary>Whether a response points to another URL.</summary>
    public static bool IsRedirect(HttpResponseMessage response) => (int)response.StatusCode is >= 300 and < 400 && response.Headers.Location is not null;

    private async Task<HttpResponseMessage> SendAsync(Uri url, Func<Uri, ValueTask<HttpRequestMessage>> request, long bodyBytes, CancellationToken cancel)
    {
        var context = ResilienceContextPool.Shared.Get(Shown(url), cancel);
        context.Properties.Set(BodyBytes, bodyBytes);
        try
        {
            var response = await _tries.ExecuteAsync(
                async tried =>
                {
                    using var message = await request(url);
                    return await Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, tried.CancellationToken);
                },
                context);
            if (!TransientFault.Is(response.StatusCode))
            {
                return response;
            }

            using (response)
            {
                throw NoResponse(url, Outcome.FromResult(response), AskedDelay(response));
            }
        }
        catch (Exception problem) when (TransientFault.IsCut(problem))
        {
            throw NoResponse(url, Outcome.FromException<HttpResponseMessage>(problem), null);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private bool MayPass(Outcome<HttpResponseMessage> outcome) => outcome.Result is { } response
        ? TransientFault.Is(response.StatusCode) && !(AskedDelay(response) > _options.MaxWait)
        : TransientFault.IsCut(outcome.Exception!);

    private TimeSpan? AskedDelay(HttpResponseMessage? response) => response is null ? null : RetryAfter.Of(response, _time.GetUtcNow());

    private RemoteException NoResponse(Uri url, Outcome<HttpResponseMessage> outcome, TimeSpan? asked) => new(
        $"{Shown(url)} does not answer as it should ({FaultOf(outcome)}; "
        + (asked > _options.MaxWait ? $"it asks to wait {asked.Value.TotalSeconds:0} seconds)" : $"tried {_options.Tries} times)"),
        outcome.Exception);

    private static string FaultOf(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Result: { } response } => $"{(int)response.StatusCode} {response.ReasonPhrase}",
        { Exception: TimeoutRejectedException late } => $"no answer in {late.Timeout.TotalSeconds:0} seconds",
        _ => outcome.Exception!.Message,
    };

    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Path);
}
