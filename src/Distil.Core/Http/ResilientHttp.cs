using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Distil.Core.Http;

/// <summary>HTTP that tries again what may pass: lost connections, silence, 408, 429 (as long as the server says) and 5xx.</summary>
/// <remarks>Redirects are the caller's: only it knows what the next host may learn.</remarks>
/// <param name="patience">How long servers are waited for.</param>
/// <param name="time">The clock.</param>
/// <param name="tell">Told of waits, for people; null: nobody.</param>
internal sealed partial class ResilientHttp(RetryOptions patience, TimeProvider time, Action<string>? tell)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    // One for the process, so that connections are kept and shared. Silence is counted, not time: files are large.
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

    /// <summary>Sends, until there is an answer that will stay the same. Its body is not read.</summary>
    /// <param name="request">Makes the request, anew for each try.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="RemoteException">There is none.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var (response, problem) = await TryAsync(request, cancel);
            if (response is not null && !MayPass(response.StatusCode))
            {
                return response;
            }

            using var sent = request();
            var asked = $"{sent.RequestUri!.GetLeftPart(UriPartial.Path)}";
            var wait = response is null ? null : AskedWait(response);
            var words = problem?.Message ?? $"{(int)response!.StatusCode} {response.ReasonPhrase}";
            response?.Dispose();
            if (tries >= patience.Tries || wait > patience.LongestWait)
            {
                var why = wait > patience.LongestWait ? $"it asks to wait {wait.Value.TotalSeconds:0} seconds" : $"tried {tries} times";
                throw new RemoteException($"{asked} does not answer as it should ({words}; {why})", problem);
            }

            await PauseAsync($"{asked}: {words}", tries, wait, cancel);
        }
    }

    /// <summary>Goes on with a transfer that may be cut, as long as it gets on.</summary>
    /// <param name="what">What is transferred, for messages.</param>
    /// <param name="done">Bytes here.</param>
    /// <param name="goOn">One request for the rest; whether all is here then.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="RemoteException">Nothing came, time and again.</exception>
    public async Task UntilWholeAsync(string what, Func<long> done, Func<Task<bool>> goOn, CancellationToken cancel)
    {
        for (var failures = 0; ; failures++)
        {
            var before = done();
            Exception? cut = null;
            try
            {
                if (await goOn())
                {
                    return;
                }
            }
            catch (Exception e) when (IsCut(e) && !cancel.IsCancellationRequested)
            {
                cut = e;
            }

            failures = done() > before ? 0 : failures;
            if (failures + 1 >= patience.Tries)
            {
                throw new RemoteException($"{what}: the transfer is cut again and again, and nothing more comes{(cut is null ? "" : $": {cut.Message}")}", cut);
            }

            await PauseAsync($"{what}: cut after {done():N0} bytes; going on from there", failures + 1, null, cancel);
        }
    }

    /// <summary>Reads of a body, and takes a long silence for a cut.</summary>
    public async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancel)
    {
        using var silence = new CancellationTokenSource(patience.Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancel);
        try
        {
            return await body.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {patience.Silence.TotalSeconds:0} seconds", e);
        }
    }

    /// <summary>Tells people of a wait.</summary>
    public void Tell(string words) => tell?.Invoke(words);

    /// <summary>Whether a transfer that failed so can go on.</summary>
    public static bool IsCut(Exception error) => error is HttpRequestException or HttpIOException or TimeoutException or SocketException
        || (error is IOException && error.InnerException is SocketException);

    private async Task<(HttpResponseMessage? Response, Exception? Problem)> TryAsync(Func<HttpRequestMessage> request, CancellationToken cancel)
    {
        using var silence = new CancellationTokenSource(patience.Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancel);
        try
        {
            using var message = request();
            return (await Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token), null);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            return (null, new TimeoutException($"no answer in {patience.Silence.TotalSeconds:0} seconds", e));
        }
        catch (Exception e) when (IsCut(e))
        {
            return (null, e);
        }
    }

    private async Task PauseAsync(string words, int tries, TimeSpan? asked, CancellationToken cancel)
    {
        var usual = TimeSpan.FromTicks(Math.Min(patience.Pause.Ticks << Math.Min(tries - 1, 10), Math.Max(LongestPause.Ticks, patience.Pause.Ticks)));
        var wait = asked ?? usual;
        Tell($"{words}; trying again in {wait.TotalSeconds:0.#} s");
        await Task.Delay(wait, time, cancel);
    }

    private static bool MayPass(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary>The wait that the server asks for: its rate limit's reset (<c>RateLimit: "api";r=0;t=55</c>), or <c>Retry-After</c>.</summary>
    private TimeSpan? AskedWait(HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.TryGetValues("RateLimit", out var limits)
            && RateLimit().Match(string.Join(",", limits)) is { Success: true } limit)
        {
            return TimeSpan.FromSeconds(int.Parse(limit.Groups[1].Value, CultureInfo.InvariantCulture) + 1); // its seconds are whole ones, rounded down
        }

        var after = response.Headers.RetryAfter;
        var wait = after?.Delta ?? after?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }

    [GeneratedRegex("""r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,8})""")]
    private static partial Regex RateLimit();
}
