using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Requests to the hub: who asks is said to the hub alone, refusals become errors that name the path.</summary>
internal sealed class HubHttp(HubOptions options, ResilientHttp http)
{
    private const int MaxRedirects = 10;

    /// <summary>Asks, and follows redirects.</summary>
    /// <param name="method">HEAD or GET.</param>
    /// <param name="url">In the hub.</param>
    /// <param name="about">What it is for, for messages.</param>
    /// <param name="elsewhere">Whether redirects to other servers are followed too; else their response is returned.</param>
    /// <param name="from">The first byte wanted.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="Errors.InvalidInputException">The hub refuses: no such repository, revision or file, or no right to it.</exception>
    /// <exception cref="RemoteException">It cannot be reached, or fails, however often it is asked.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri url, HubPath about, bool elsewhere, long from, CancellationToken cancel)
    {
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            var here = url;
            var response = await http.SendAsync(() => Request(method, here, from), cancel);
            if ((int)response.StatusCode is >= 300 and < 400 && response.Headers.Location is { } location)
            {
                var next = new Uri(here, location);
                if (!elsewhere && !IsHub(next))
                {
                    return response;
                }

                response.Dispose();
                url = next;
                continue;
            }

            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return response;
            }

            using (response)
            {
                throw HubRefusal.Of(response, about, options);
            }
        }

        throw new RemoteException($"{about}: {options.Endpoint} redirects more than {MaxRedirects} times");
    }

    private HttpRequestMessage Request(HttpMethod method, Uri url, long from)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.AcceptEncoding.ParseAdd("identity"); // a compressed answer has neither the file's length nor its ranges
        if (from > 0)
        {
            request.Headers.Range = new RangeHeaderValue(from, null);
        }

        // A redirect leads to the storage of another host, which must not learn the token.
        if (options.Token is { } token && IsHub(url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private bool IsHub(Uri url) => Uri.Compare(url, options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
