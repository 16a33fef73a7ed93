using Distil.Core.Errors;

namespace Distil.Core.Api;

/// <summary>A request is refused.</summary>
/// <param name="status">HTTP status code, 4xx or 502.</param>
/// <param name="detail">What is wrong in this request: names the field or header, the value found and what was expected.</param>
/// <param name="errors">The bad fields of the body; empty if no field is to blame.</param>
public sealed class ApiProblemException(int status, string detail, params IReadOnlyList<FieldError> errors) : Exception(detail)
{
    /// <value>HTTP status code.</value>
    public int Status => status;

    /// <value>The bad fields of the body.</value>
    public IReadOnlyList<FieldError> Errors => errors;

    /// <summary>Refuses a body that cannot be used: status 400, with each bad field.</summary>
    public static ApiProblemException Of(InvalidInputException wrong)
    {
        var detail = wrong.Errors.Count switch
        {
            0 => wrong.Message,
            1 => wrong.Errors[0].Message,
            _ => $"{wrong.Errors.Count} fields of the specification cannot be used",
        };
        return new ApiProblemException(400, detail, wrong.Errors);
    }
}
