using Distil.Core.Api;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving;

/// <summary>Answers that come from the host and from no operation.</summary>
internal static class ProblemAnswer
{
    internal static Task WriteAsync(HttpContext http, int status, string detail) => new ApiResult(ApiResponse.Problem(ApiProblem.Of(status, detail))).ExecuteAsync(http);
}
