using System.Net;
using System.Net.Http.Json;
using Distil.Core;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Functions.Http;
using Distil.Functions.Tests.Pipelines;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Functions.Tests.Http;

/// <summary>The API's triggers, over HTTP and Durable Task's own engine: they answer as <c>distil serve</c> does. Keys and routes are the real host's
/// (<c>RealHostTests</c>).</summary>
public sealed class RunFunctionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_status_has_a_tag_and_is_not_sent_to_a_client_that_has_it()
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        await durable.ScheduleAsync("run");
        await durable.EndAsync("run");

        using var first = await client.GetAsync("/api/runs/run", Cancel);
        Assert.Equal(RunState.Succeeded, (await first.Content.ReadFromJsonAsync<RunDetails>(DistilJson.Options, Cancel))!.Status.State);
        Assert.True(first.Headers.CacheControl?.NoCache);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/run");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await client.SendAsync(request, Cancel);
        Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag), (second.StatusCode, second.Headers.ETag));
    }

    [Fact]
    public async Task A_signal_reaches_the_orchestration_through_the_client_of_its_call()
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        durable.Jobs.States["prepare-00000"] = new(Enumerable.Repeat(Core.Jobs.JobState.Running, 100_000));
        await durable.ScheduleAsync("run");
        await DurableHost.UntilAsync(() => Task.FromResult(durable.Jobs.Started.Contains("prepare-00000")));

        using var accepted = await client.PostAsync("/api/runs/run/cancel", null, Cancel);

        Assert.Equal((HttpStatusCode.Accepted, "/api/runs/run"), (accepted.StatusCode, accepted.Headers.Location?.ToString()));
        Assert.Equal(RunState.Cancelled, (await durable.EndAsync("run")).State);
    }

    [Theory]
    [InlineData("GET", "/api/runs/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/runs?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/runs", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_refusal_is_problem_details(string method, string path, HttpStatusCode status)
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request, Cancel);

        Assert.Equal((status, ApiProblem.ContentType), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal((int)status, (await answer.Content.ReadFromJsonAsync<ApiProblem>(DistilJson.Options, Cancel))!.Status);
    }

    private static async Task<WebApplication> StartAsync(DurableHost durable)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddDistilEndpoints();
        var app = builder.Build();
        var options = new ApiOptions();
        var api = new DistilApi(durable.Store, options, new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)));
        var functions = new RunFunctions(new RunEndpoints(api, options), new RunDocumentEndpoints(api), durable.Runs);
        app.MapPost(ApiRoutes.Runs, (HttpRequest request, CancellationToken cancel) => functions.SubmitAsync(request, durable.Client, cancel));
        app.MapGet(ApiRoutes.Runs, (HttpRequest request, CancellationToken cancel) => functions.ListAsync(request, cancel));
        app.MapGet(ApiRoutes.Run, (HttpRequest request, string runId, CancellationToken cancel) => functions.ReadAsync(request, runId, cancel));
        app.MapPost(
            ApiRoutes.Cancel, (HttpRequest request, string runId, CancellationToken cancel) => functions.CancelAsync(request, durable.Client, runId, cancel));
        await app.StartAsync(Cancel);
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new() { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
}
