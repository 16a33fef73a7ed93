using System.Net;
using System.Net.Http.Headers;

namespace Distil.Azure.ResourceManager;

/// <summary>Which answers are worth another try, and when.</summary>
internal static class RetryPause
{
    /// <summary>Whether the same request may succeed later: too many requests, a time-out, no answer, or a fault of the service.</summary>
    /// <param name="status">The answer's; null where there was none.</param>
    /// <param name="once">Whether the request must not be obeyed twice: then only a refusal may be followed by another try.</param>
    public static bool MayPass(HttpStatusCode? status, bool once) =>
        status is HttpStatusCode.TooManyRequests || (!once && (status is null or HttpStatusCode.RequestTimeout || (int)status >= 500));

    /// <summary>The pause after a failure: what the service asks for, else twice the one before.</summary>
    /// <param name="options">The pauses.</param>
    /// <param name="failures">Failures so far, ≥ 1.</param>
    /// <param name="asked">The service's Retry-After; null where it sent none.</param>
    /// <param name="now">The time, for a Retry-After that is a date.</param>
    public static TimeSpan After(ResourceManagerOptions options, int failures, RetryConditionHeaderValue? asked, DateTimeOffset now) =>
        Asked(asked, now) ?? TimeSpan.FromSeconds(
            Math.Min(options.FirstPause.TotalSeconds * Math.Pow(2, failures - 1), options.LongestPause.TotalSeconds));

    /// <summary>What a Retry-After asks for; null where there is none.</summary>
    public static TimeSpan? Asked(RetryConditionHeaderValue? header, DateTimeOffset now)
    {
        var pause = header?.Delta ?? header?.Date - now;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }
}
