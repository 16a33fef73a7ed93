using System.Text.Json.Nodes;
using Distil.Core.Api;
using Distil.Inference.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>OpenAI's API for the student of each finished run, below the run's own path: for the live view's page <em>Try it</em> and for any client.</summary>
/// <param name="api">Knows the runs.</param>
/// <param name="models">Their students.</param>
/// <param name="options">Limits.</param>
internal sealed class RunModelEndpoints(DistilApi api, RunModels models, ModelServerOptions options)
{
    private const string Base = "api/runs/{runId}/v1";

    private readonly CompletionEndpoints _completions = new(options);

    /// <summary>Maps the endpoints. They are none of the API's that every host serves, so its description does not contain them.</summary>
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet($"{Base}/models", (HttpContext http, string runId) => AnswerAsync(http, runId, () => ListAsync(http, runId))).ExcludeFromDescription();
        routes.MapPost($"{Base}/chat/completions", (HttpContext http, string runId) => UseAsync(http, runId, _completions.ChatAsync)).ExcludeFromDescription();
        routes.MapPost($"{Base}/completions", (HttpContext http, string runId) => UseAsync(http, runId, _completions.CompleteAsync)).ExcludeFromDescription();
    }

    private static Task ListAsync(HttpContext http, string runId) => CompletionEndpoints.Json(new JsonObject
    {
        ["object"] = "list", ["data"] = new JsonArray(new JsonObject { ["id"] = runId, ["object"] = "model", ["owned_by"] = "distil" }),
    }).ExecuteAsync(http);

    private Task UseAsync(HttpContext http, string runId, Func<HttpContext, StudentModel, Task> answer) => AnswerAsync(http, runId, async () =>
    {
        await using var use = await models.UseAsync(runId, http.RequestAborted);
        await answer(http, use.Model);
    });

    /// <summary>Answers for a run that has finished; what is refused is reported as OpenAI does.</summary>
    private async Task AnswerAsync(HttpContext http, string runId, Func<Task> answer)
    {
        try
        {
            var report = await api.ReportAsync(runId, json: true, http.RequestAborted); // it is written last: then the student is complete
            await report.Content.DisposeAsync();
            await answer();
        }
        catch (Exception failure) when (!http.Response.HasStarted && OpenAiError.OfRefusal(failure) is { } refusal)
        {
            await refusal.ExecuteAsync(http);
        }
    }
}
