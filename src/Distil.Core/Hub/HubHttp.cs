using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Sends requests to the hub. Only the hub gets the token; a refusal becomes an error that names the path.</summary>
internal sealed class HubHttp(HubOptions options, ResilientHttp http)
{
    /// <summary>Sends a request and follows redirects.</summary>
    /// <param name="method">HEAD or GET.</param>
    /// <param name="url">In the hub.</param>
    /// <param name="about">What it is for, for messages.</param>
    /// <param name="elsewhere">Whether redirects to other servers are followed too; if not, such a redirect is returned.</param>
    /// <param name="from">Offset of the first byte wanted.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <param name="to">Offset of the last byte wanted; null for the rest.</param>
    /// <exception cref="Errors.InvalidInputException">The hub refuses: there is no such repository, revision or file, or no permission to read it.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, or fails on every try.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri url, HubPath about, bool elsewhere, long from, CancellationToken cancel, long? to = null)
    {
        var response = await http.SendAsync(url, here => ValueTask.FromResult(Request(method, here, from, to)), next => elsewhere || options.IsHub(next), cancel);
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || ResilientHttp.IsRedirect(response))
        {
            return response;
        }

        using (response)
        {
            throw HubRefusal.Of(response, about, options);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, Uri url, long from, long? to)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.AcceptEncoding.ParseAdd("identity"); // a compressed answer has neither the file's length nor its ranges
        if (from > 0 || to is not null)
        {
            request.Headers.Range = new RangeHeaderValue(from, to);
        }

        // A redirect leads to the storage of another host, which must not learn the token.
        if (options.Token is { } token && options.IsHub(url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }
}
