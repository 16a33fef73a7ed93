using System.Formats.Tar;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Functions.Http;
using Distil.Functions.Tests.Pipelines;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Functions.Tests.Http;

/// <summary>Every trigger of <see cref="RunFunctions"/> at its own route, over HTTP and Durable Task's own engine.</summary>
public sealed class RunTriggersTests : IAsyncLifetime
{
    private const string Run = "/api/runs/run";

    private DurableHost _durable = null!;
    private WebApplication _app = null!;
    private HttpClient _client = null!;
    private IReadOnlyList<string> _mapped = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _durable = await DurableHost.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddDistilEndpoints();
        _app = builder.Build();
        var options = new ApiOptions();
        var api = new DistilApi(_durable.Store, options, new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)));
        var functions = new RunFunctions(new RunEndpoints(api, options), new RunDocumentEndpoints(api), _durable.Runs) { Polling = new() };
        _mapped = Triggers.Map(_app, functions, _durable.Client);
        await _app.StartAsync(Cancel);
        _client = new() { BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        await _durable.DisposeAsync();
    }

    [Fact]
    public void Each_operation_of_the_API_has_its_trigger() => Assert.Equal(
        [
            "delete api/runs/{runId}", "get api/runs", "get api/runs/{runId}", "get api/runs/{runId}/artifacts/{*name}", "get api/runs/{runId}/epochs",
            "get api/runs/{runId}/log", "get api/runs/{runId}/metrics", "get api/runs/{runId}/model", "get api/runs/{runId}/plan", "get api/runs/{runId}/report",
            "get api/runs/{runId}/spec", "head api/runs/{runId}/artifacts/{*name}", "head api/runs/{runId}/model", "head api/runs/{runId}/report", "post api/plan", "post api/runs",
            "post api/runs/{runId}/cancel", "post api/runs/{runId}/retry",
        ],
        _mapped.Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_run_that_failed_goes_on_with_a_new_orchestration_and_is_then_deleted()
    {
        _durable.Jobs.Failures["train-001"] = new JobFailure(FailureClass.InvalidInput, "the text has changed");
        await _durable.ScheduleAsync("run");
        Assert.Equal(RunState.Failed, (await _durable.EndAsync("run")).State);
        Assert.Contains("the text has changed", await _client.GetStringAsync($"{Run}/log", Cancel), StringComparison.Ordinal);

        using (var retried = await _client.PostAsync($"{Run}/retry", null, Cancel))
        {
            Assert.Equal((HttpStatusCode.Accepted, Run), (retried.StatusCode, retried.Headers.Location?.ToString()));
        }

        await DurableHost.UntilAsync(async () => (await _durable.Runs.TryReadStatusAsync("run", Cancel))!.State == RunState.Succeeded);
        Assert.Equal(RunState.Failed, Assert.Single((await _durable.Runs.TryReadStatusAsync("run", Cancel))!.Earlier).State);
        Assert.Single(_durable.Jobs.Started, job => job == "prepare-00000"); // what was made is not made again
        using (var again = await _client.PostAsync($"{Run}/retry", null, Cancel))
        {
            Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        }

        Assert.Equal(RunState.Succeeded, (await _durable.EndAsync("run")).State);
        using (var deleted = await _client.DeleteAsync(Run, Cancel))
        {
            Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync(Cancel));
        }

        using var gone = await _client.GetAsync(Run, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task The_documents_of_a_run_are_read()
    {
        await _durable.ScheduleAsync("run");
        await _durable.EndAsync("run");
        var listed = await JsonAsync("/api/runs?limit=1&state=succeeded");
        Assert.Equal("run", (string?)listed["runs"]![0]!["runId"]);
        Assert.Equal("a", (string?)(await JsonAsync($"{Run}/spec"))["name"]);
        Assert.Equal("run", (string?)(await JsonAsync($"{Run}/plan"))["runId"]);
        Assert.NotEmpty((await JsonAsync($"{Run}/log"))["events"]!.AsArray());
        Assert.NotNull((await JsonAsync($"{Run}/epochs"))["epochs"]);
        Assert.NotNull((await JsonAsync($"{Run}/metrics?offset=0"))["nextOffset"]);
        using var wrong = await _client.GetAsync($"{Run}/metrics?offset=x", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task The_files_of_a_run_are_listed_and_downloaded_one_by_one_or_as_a_model()
    {
        await _durable.ScheduleAsync("run");
        await _durable.EndAsync("run");
        await _durable.Store.WriteTextAsync(ArtifactLayout.ModelFile("run", StudentVariant.Distilled, "config.json"), "{ \"a\": 1 }", cancel: Cancel);
        await _durable.Store.WriteTextAsync(ArtifactLayout.ReportData("run"), "{}", cancel: Cancel);
        await _durable.Store.WriteTextAsync(ArtifactLayout.Report("run"), "<html>report</html>", cancel: Cancel);

        Assert.Contains("model/config.json", await _client.GetStringAsync($"{Run}/artifacts", Cancel), StringComparison.Ordinal);
        Assert.Equal("{ \"a\": 1 }", await _client.GetStringAsync($"{Run}/artifacts/model/config.json", Cancel));
        using (var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Run}/artifacts/model/config.json"), Cancel))
        {
            Assert.Equal((HttpStatusCode.OK, 10L), (head.StatusCode, head.Content.Headers.ContentLength));
        }

        using (var part = new HttpRequestMessage(HttpMethod.Get, $"{Run}/artifacts/model/config.json"))
        {
            part.Headers.Range = new(2, 4);
            using var answer = await _client.SendAsync(part, Cancel);
            Assert.Equal((HttpStatusCode.PartialContent, "\"a\""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel)));
        }

        Assert.Equal("<html>report</html>", await _client.GetStringAsync($"{Run}/report", Cancel));
        using (var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Run}/model"), Cancel))
        {
            Assert.Equal((HttpStatusCode.OK, "application/x-tar"), (head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        }

        await using var model = await _client.GetStreamAsync($"{Run}/model", Cancel);
        await using var archive = new TarReader(model);
        Assert.Equal("run/config.json", (await archive.GetNextEntryAsync(copyData: true, Cancel))?.Name);
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": "a", "teacher": { "path": "/no/teacher" }, "dataset": { "sources": ["/no/text"] } }""", HttpStatusCode.BadRequest)]
    public async Task A_plan_of_a_specification_that_cannot_be_used_says_why(string spec, HttpStatusCode status)
    {
        using var content = new StringContent(spec, Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync("/api/plan", content, Cancel);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(ApiProblem.ContentType, answer.Content.Headers.ContentType?.MediaType);
    }

    private async Task<JsonNode> JsonAsync(string path) => (await _client.GetFromJsonAsync<JsonNode>(path, Cancel))!;
}
