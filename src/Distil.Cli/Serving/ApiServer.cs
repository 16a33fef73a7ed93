using Azure;
using Distil.Cli.Serving.Guards;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Api;
using Distil.Core.Errors;
using Distil.Hosting.Http;
using Distil.Hosting.Http.Description;
using Distil.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Cli.Serving;

/// <summary>The API and the live view over HTTP, in this process.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private ApiServer(WebApplication web) => _web = web;

    /// <value>The addresses that it listens on, with their actual ports.</value>
    internal IReadOnlyList<Uri> Urls => WebServer.UrlsOf(_web);

    /// <summary>Starts the server.</summary>
    /// <param name="api">The operations.</param>
    /// <param name="limits">Their limits.</param>
    /// <param name="host">Executes runs.</param>
    /// <param name="options">Addresses and access.</param>
    /// <param name="models">The students of finished runs; null if they are not served.</param>
    /// <param name="cancel">Cancels the start.</param>
    /// <exception cref="InvalidInputException">It cannot listen on an address.</exception>
    internal static async Task<ApiServer> StartAsync(DistilApi api, ApiOptions limits, IRunHost host, ServeOptions options, RunModels? models, CancellationToken cancel)
    {
        var web = Build(api, limits, host, options);
        if (models is not null)
        {
            new RunModelEndpoints(api, models, new()).Map(web);
        }

        await WebServer.StartAsync(web, options, cancel);
        return new ApiServer(web);
    }

    /// <summary>Stops accepting requests, finishes those that it has, and ends.</summary>
    public ValueTask DisposeAsync() => WebServer.StopAsync(_web);

    private static WebApplication Build(DistilApi api, ApiOptions limits, IRunHost host, ServeOptions options)
    {
        var builder = WebServer.CreateBuilder(options);
        builder.Services.AddSingleton(api).AddSingleton(limits).AddSingleton(host).AddSingleton(new LiveSite(options.Samples));
        builder.Services.AddDistilEndpoints().AddApiDescription(needsKey: (options.ApiKey ?? options.Token) is not null);

        var web = builder.Build();
        web.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = AnswerFailureAsync });
        web.Use(AddSafeHeadersAsync);
        web.UseStatusCodePages(
            context => ApiProblem.Of(context.HttpContext.Response.StatusCode, Unrouted(context.HttpContext)).ExecuteAsync(context.HttpContext));
        web.UseMiddleware<HostGuard>(options, (Refusal)Refuse);
        if (options.ApiKey is not null)
        {
            web.UseMiddleware<ApiKeyGuard>(options.ApiKey, "/api/health", (Refusal)Refuse);
        }
        else if (options.Token is not null)
        {
            web.UseMiddleware<TokenGuard>(options.Token, "/api/health", (Refusal)Refuse);
        }

        web.UseMiddleware<SlowStorageGuard>(api, options, (Refusal)Refuse);
        web.MapDistilEndpoints();
        web.MapApiDescription();
        return web;
    }

    private static Task AnswerFailureAsync(HttpContext http)
    {
        var problem = http.Features.Get<IExceptionHandlerFeature>()!.Error switch
        {
            BadHttpRequestException wrong => ApiProblem.Of(wrong.StatusCode, wrong.Message),
            RequestFailedException or AggregateException => ApiProblem.Of(
                503, $"storage {http.RequestServices.GetRequiredService<DistilApi>().StorageName} does not answer; ask again later"),
            var failed => ApiProblem.Of(500, failed.Message),
        };
        return problem.ExecuteAsync(http);
    }

    private static Task AddSafeHeadersAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (http.Request.Path.StartsWithSegments("/api"))
        {
            http.Response.Headers.CacheControl = "no-store";
        }

        return next(http);
    }

    private static IResult Refuse(int status, string message) => ApiProblem.Of(status, message);

    private static string Unrouted(HttpContext http) => http.Response.StatusCode switch
    {
        405 => $"{http.Request.Method} is not what {http.Request.Path} answers to; expected {http.Response.Headers.Allow}",
        415 => JsonBody.NotJson(http.Request.ContentType),
        _ => $"{http.Request.Path} is not served here; /openapi.json lists what is",
    };
}
