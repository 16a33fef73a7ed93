using System.Text.Json.Nodes;
using Distil.Core.Api;
using Distil.Core.Errors;
using Distil.Inference.Scheduling;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Errors in the form of OpenAI's API.</summary>
internal static class OpenAiError
{
    /// <summary>The body.</summary>
    internal static JsonObject Body(int status, string message, string? param = null, string? code = null) => new()
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = TypeOf(status), ["param"] = param, ["code"] = code },
    };

    /// <summary>The result.</summary>
    internal static IResult Of(int status, string message, string? param = null, string? code = null) =>
        Results.Text(Body(status, message, param, code).ToJsonString(), "application/json", statusCode: status);

    /// <summary>The result for an exception that refuses a request; null for one that is not the request's fault.</summary>
    internal static IResult? OfRefusal(Exception error) => error switch
    {
        OpenAiException wrong => Of(wrong.Status, wrong.Message, wrong.Param, wrong.Code),
        ApiProblemException wrong => Of(wrong.Status, wrong.Message),
        BadHttpRequestException wrong => Of(wrong.StatusCode, wrong.Message),
        InvalidInputException wrong => Of(400, wrong.Message),
        SchedulerBusyException busy => Of(429, busy.Message, code: "busy"),
        _ => null,
    };

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 or 503 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
