using Distil.Cli.Serving.Guards;
using Distil.Core.Errors;
using Distil.Inference.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Serves a model over HTTP as OpenAI's API does.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private ModelServer(WebApplication web) => _web = web;

    /// <value>The addresses that it listens on, with their actual ports.</value>
    internal IReadOnlyList<Uri> Urls => WebServer.UrlsOf(_web);

    /// <summary>Starts the server.</summary>
    /// <exception cref="InvalidInputException">It cannot listen on an address.</exception>
    internal static async Task<ModelServer> StartAsync(StudentModel model, ModelServerOptions limits, ServeOptions options, CancellationToken cancel)
    {
        var web = WebServer.CreateBuilder(options).Build();
        web.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = AnswerFailureAsync, AllowStatusCode404Response = true,
            SuppressDiagnosticsCallback = failure => AnswerTo(failure.Exception) is IStatusCodeHttpResult { StatusCode: < 500 }, // a client's fault is no failure of the server
        });
        web.UseStatusCodePages(context => OpenAiError.Of(context.HttpContext.Response.StatusCode, Unrouted(context.HttpContext)).ExecuteAsync(context.HttpContext));
        web.UseMiddleware<HostGuard>(options, (Refusal)((status, message) => OpenAiError.Of(status, message)));
        if (options.ApiKey is not null)
        {
            web.UseMiddleware<ApiKeyGuard>(options.ApiKey, "/health", (Refusal)((status, message) => OpenAiError.Of(status, message, code: "invalid_api_key")));
        }

        new CompletionEndpoints(limits).Map(web, model);
        await WebServer.StartAsync(web, options, cancel);
        return new(web);
    }

    /// <summary>Stops accepting requests, finishes those that it has, and ends.</summary>
    public ValueTask DisposeAsync() => WebServer.StopAsync(_web);

    private static Task AnswerFailureAsync(HttpContext http) => AnswerTo(http.Features.Get<IExceptionHandlerFeature>()!.Error).ExecuteAsync(http);

    private static IResult AnswerTo(Exception error) => OpenAiError.OfRefusal(error) ?? OpenAiError.Of(500, error.Message);

    private static string Unrouted(HttpContext http) => http.Response.StatusCode == 405
        ? $"{http.Request.Method} is not what {http.Request.Path} answers to; expected {http.Response.Headers.Allow}"
        : $"{http.Request.Path} is not served here; expected /v1/models, /v1/chat/completions or /v1/completions";
}
