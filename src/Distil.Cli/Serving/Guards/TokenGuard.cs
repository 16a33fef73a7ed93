using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.Guards;

/// <summary>Admits, on loopback, the requests of who has seen the token that <c>serve</c> prints: other users and programs of the machine reach the port, too.</summary>
/// <remarks>
/// The address that is printed has the token. A browser that opens it gets a cookie in its place, and programs send <c>Authorization: Bearer TOKEN</c>.
/// Cookies of all ports of a host are sent to each of them: its name has the port.
/// </remarks>
internal sealed class TokenGuard(RequestDelegate next, string token, string openPath, Refusal refuse)
{
    /// <summary>The query parameter of the address that is printed.</summary>
    internal const string Parameter = "token";

    // No script and no style: the page of a server that shows nothing yet.
    private const string Question = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Distil</title></head>
        <body><main><h1>Distil</h1>
        <p>Open the address that <code>distil serve</code> has printed, or enter its token (the file <code>serve.token</code> in <code>.distil</code> has it, too):</p>
        <form><label>Token <input name="token" type="password" autocomplete="off" required></label> <button>Open</button></form></main></body></html>
        """;

    private readonly SecretComparison _token = new(token);

    public Task InvokeAsync(HttpContext http)
    {
        var (request, cookie) = (http.Request, string.Create(CultureInfo.InvariantCulture, $"distil-token-{http.Connection.LocalPort}"));
        if (HttpMethods.IsGet(request.Method) && _token.Fits(request.Query[Parameter]))
        {
            // Not left in the address, which people copy and browsers keep.
            http.Response.Cookies.Append(cookie, token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
            var rest = QueryString.Create(request.Query.Where(each => each.Key != Parameter));
            return Results.LocalRedirect($"~{request.Path.ToUriComponent()}{rest}").ExecuteAsync(http);
        }

        if (request.Path == openPath || _token.Fits(request.Cookies[cookie]) || _token.Fits(SecretComparison.In(request.Headers.Authorization)))
        {
            return next(http);
        }

        return request.Path == "/" && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? Results.Content(Question, "text/html; charset=utf-8", statusCode: 401).ExecuteAsync(http)
            : refuse(401, "the token is missing or wrong; expected the address that distil serve printed, or Authorization: Bearer TOKEN").ExecuteAsync(http);
    }
}
