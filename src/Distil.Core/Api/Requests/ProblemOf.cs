using Distil.Core.Errors;

namespace Distil.Core.Api.Requests;

/// <summary>What a failure looks like over HTTP.</summary>
internal static class ProblemOf
{
    /// <summary>A specification that cannot be used: 400, with each field that is to blame.</summary>
    public static ApiProblem Specification(InvalidInputException wrong) => ApiProblem.Of(400, wrong.Errors.Count switch
    {
        0 => wrong.Message,
        1 => wrong.Errors[0].Message,
        _ => $"{wrong.Errors.Count} fields of the specification cannot be used",
    }, wrong.Errors);
}
