using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Distil.Core.Http;

/// <summary>The delay that a server asks for before the next request.</summary>
internal static partial class RetryAfter
{
    /// <summary>Reads the time until a rate limit is reset (<c>RateLimit: "api";r=0;t=55</c>), or the header <c>Retry-After</c>.</summary>
    /// <param name="response">The response.</param>
    /// <param name="now">The present time, for a header that contains a date.</param>
    /// <returns>Null if the server asks for no delay.</returns>
    public static TimeSpan? Of(HttpResponseMessage response, DateTimeOffset now)
    {
        if (response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.TryGetValues("RateLimit", out var limits)
            && RateLimit().Match(string.Join(",", limits)) is { Success: true } limit)
        {
            return TimeSpan.FromSeconds(int.Parse(limit.Groups[1].Value, CultureInfo.InvariantCulture) + 1); // whole seconds, rounded down by the server
        }

        var after = response.Headers.RetryAfter;
        var delay = after?.Delta ?? after?.Date - now;
        return delay > TimeSpan.Zero ? delay : null;
    }

    [GeneratedRegex("""r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,8})""")]
    private static partial Regex RateLimit();
}
