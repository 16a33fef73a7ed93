using Distil.Core.Api;
using Distil.Core.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Distil.Hosting.Http;

/// <summary>Why a request was refused: problem details (RFC 9457), with a pointer to each bad field.</summary>
public sealed class ApiProblem : ProblemDetails
{
    /// <summary>Media type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    /// <value>The bad fields of the body; empty if no field is to blame.</value>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>The result for a problem.</summary>
    /// <param name="status">HTTP status code, which is also the title in words.</param>
    /// <param name="detail">What is wrong in this request: names the field or header, the value found and what was expected.</param>
    /// <param name="errors">The bad fields of the body.</param>
    public static ProblemHttpResult Of(int status, string detail, params IReadOnlyList<FieldError> errors) =>
        TypedResults.Problem(new ApiProblem { Type = "about:blank", Title = TitleOf(status), Status = status, Detail = detail, Errors = errors });

    /// <summary>The result for a refused operation.</summary>
    public static ProblemHttpResult Of(ApiProblemException refused) => Of(refused.Status, refused.Message, refused.Errors);

    // RFC 9110 renamed two status codes; ASP.NET's table has the old names.
    private static string TitleOf(int status) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => "Content Too Large",
        StatusCodes.Status422UnprocessableEntity => "Unprocessable Content",
        _ => ReasonPhrases.GetReasonPhrase(status),
    };
}
