using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.Guards;

/// <summary>Keeps web pages of other sites away from a server that trusts its machine.</summary>
/// <remarks>
/// A page's domain can be made to resolve to 127.0.0.1 (DNS rebinding): its requests then carry that domain as <c>Host</c>.
/// And a page may send a request here without reading the answer: it then carries the page's <c>Origin</c>. Programs send neither.
/// </remarks>
internal sealed class HostGuard(RequestDelegate next, ServeOptions options, Refusal refuse)
{
    public Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        if (!options.Answers(request.Host.Host))
        {
            return refuse(
                421,
                $"Host is {request.Host}; expected localhost or 127.0.0.1, which this server listens on. "
                + $"Behind a proxy of yours, start it with --allowed-host {request.Host.Host}").ExecuteAsync(http);
        }

        if (!HttpMethods.IsGet(request.Method) && request.Headers.Origin is [{ } origin, ..] && !IsOwn(origin, request.Host))
        {
            return refuse(
                403, $"Origin is {origin}; expected a page of this server. If a proxy of yours shows its pages under that name, start it with --allowed-host")
                .ExecuteAsync(http);
        }

        return next(http);
    }

    private bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var url)
        && (string.Equals(url.Authority, host.Value, StringComparison.OrdinalIgnoreCase) || options.AllowedHosts.Contains(url.Host, StringComparer.OrdinalIgnoreCase));
}
