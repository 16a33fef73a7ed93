using Distil.Core.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Distil.Hosting.Http;

/// <summary>Turns what an operation returns or refuses into an answer.</summary>
internal static class Answers
{
    /// <summary>The document that an operation returns.</summary>
    internal static Task<Results<Ok<T>, ProblemHttpResult>> OkAsync<T>(Func<Task<T>> operation) => AnswerAsync(async () => TypedResults.Ok(await operation()));

    /// <summary>The answer that an operation makes, or the problem for which it refuses the request.</summary>
    internal static async Task<Results<T, ProblemHttpResult>> AnswerAsync<T>(Func<Task<T>> operation)
        where T : IResult
    {
        try
        {
            return await operation();
        }
        catch (ApiProblemException refused)
        {
            return ApiProblem.Of(refused);
        }
    }
}
