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
}
