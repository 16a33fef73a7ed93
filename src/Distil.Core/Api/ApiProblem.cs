using Distil.Core.Errors;

namespace Distil.Core.Api;

/// <summary>Why a request was not done: problem details (RFC 9457), with a pointer to each bad field.</summary>
public sealed record ApiProblem
{
    /// <summary>Media type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    /// <value>Always <c>about:blank</c>: the status code says the kind.</value>
    public string Type { get; init; } = "about:blank";

    /// <value>The status code in words.</value>
    public required string Title { get; init; }

    /// <value>HTTP status code.</value>
    public required int Status { get; init; }

    /// <value>What is wrong in this request: names the field or header, the value found and what was expected.</value>
    public required string Detail { get; init; }

    /// <value>The bad fields of the body; empty where no field is to blame.</value>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>A problem by its status code.</summary>
    public static ApiProblem Of(int status, string detail, params IReadOnlyList<FieldError> errors) =>
        new() { Status = status, Title = TitleOf(status), Detail = detail, Errors = errors };

    private static string TitleOf(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => status < 500 ? "Request Failed" : "Internal Server Error",
    };
}

/// <summary>Ends an operation with a problem.</summary>
internal sealed class ApiProblemException(ApiProblem problem) : Exception(problem.Detail)
{
    public ApiProblemException(int status, string detail)
        : this(ApiProblem.Of(status, detail))
    {
    }

    public ApiProblem Problem => problem;
}
