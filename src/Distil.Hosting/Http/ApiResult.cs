using Distil.Core.Api;
using Microsoft.AspNetCore.Http;

namespace Distil.Hosting.Http;

/// <summary>Copies what an operation answers to the response.</summary>
/// <param name="answer">Closed with the response.</param>
public sealed class ApiResult(ApiResponse answer) : IResult
{
    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext http)
    {
        await using var closing = answer;
        http.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            http.Response.Headers[name] = value;
        }

        if (answer.Content is null)
        {
            return;
        }

        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = answer.Bytes;
        await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }
}
