using Distil.Core.Artifacts.Kinds;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Serving;
using Distil.Core;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Specification.Schema;
using Distil.Core.Tests.Documents;
using Distil.Core.Tests.Documents.Reports;

namespace Distil.Cli.Tests.Serving;

/// <summary>The document of <c>/openapi.json</c>. In addition, every response in this folder's tests is compared with it.</summary>
public sealed class OpenApiTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_every_operation_with_every_status()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        Assert.Equal(
            [
                "cancelRun 202", "cancelRun 404", "cancelRun 409", "deleteRun 200", "deleteRun 404", "deleteRun 409", "getArtifact 200", "getArtifact 206", "getArtifact 304", "getArtifact 404", "getArtifact 416",
                "getEpochs 200", "getEpochs 404", "getHealth 200", "getHealth 503", "getLog 200", "getLog 404",
                "getMetrics 200", "getMetrics 400", "getMetrics 404", "getModel 200", "getModel 404", "getPlan 200", "getPlan 404",
                "getReport 200", "getReport 206", "getReport 304", "getReport 404", "getReport 416", "getRun 200", "getRun 304", "getRun 404",
                "getSchema 200", "getSpec 200", "getSpec 404", "listArtifacts 200", "listArtifacts 400", "listArtifacts 404", "listRuns 200", "listRuns 400",
                "planRun 200", "planRun 400", "planRun 413", "planRun 415", "planRun 502", "retryRun 202", "retryRun 404", "retryRun 409",
                "submitRun 202", "submitRun 400", "submitRun 413", "submitRun 415", "submitRun 422", "submitRun 502",
            ],
            api.Contract.Answers.Where(answer => !answer.EndsWith("default", StringComparison.Ordinal)).Order());
        Assert.Equal(18, api.Contract.Answers.Count(answer => answer.EndsWith("default", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_answer_that_it_lists_comes_and_is_as_it_says()
    {
        await using var api = await ServedApi.StartAsync(azurite, options: new ApiOptions { MaxBodyBytes = 4000 });
        var run = await api.NewRunAsync();
        await WriteResultsAsync(api, run);

        var details = await api.Client.GetAsync($"/api/runs/{run}", Cancel);
        api.Client.DefaultRequestHeaders.IfNoneMatch.Add(details.Headers.ETag!);
        foreach (var id in (string[])[run, "nothing"])
        {
            foreach (var path in (string[])["", "/spec", "/plan", "/metrics", "/metrics?offset=x", "/epochs", "/log", "/model",
                "/report", "/artifacts", "/artifacts?limit=x", "/artifacts/spec.json"])
            {
                await api.Client.GetAsync($"/api/runs/{id}{path}", Cancel);
            }
        }

        foreach (var path in (string[])["/api/runs", "/api/runs?limit=0", "/api/schema", "/api/health"])
        {
            await api.Client.GetAsync(path, Cancel);
        }

        api.Client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        await api.Client.GetAsync($"/api/runs/{run}/report", Cancel);
        foreach (var file in (string[])["/report", "/artifacts/spec.json"])
        {
            var whole = await api.Client.GetAsync($"/api/runs/{run}{file}", Cancel);
            foreach (var range in (RangeHeaderValue[])[new(0, 0), new(1 << 30, null)])
            {
                await api.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{run}{file}") { Headers = { Range = range } }, Cancel);
            }

            await api.Client.SendAsync(
                new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{run}{file}") { Headers = { IfNoneMatch = { whole.Headers.ETag! } } }, Cancel);
        }

        foreach (var path in (string[])["/api/runs", "/api/plan"])
        {
            foreach (var (body, type) in ((string, string)[])[("{}", "application/json"), ("{}", "text/plain"), (new string(' ', 5000), "application/json")])
            {
                using var content = new StringContent(body, System.Text.Encoding.UTF8, type);
                await api.Client.PostAsync(path, content, Cancel);
            }
        }

        using var specification = new StringContent(ServedApi.Spec().ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        await api.Client.PostAsync("/api/plan", specification, Cancel);
        await api.SubmitAsync(ServedApi.Spec("one"), "key");
        await api.SubmitAsync(ServedApi.Spec("two"), "key");
        var running = await api.NewRunAsync();
        await api.Runs.WriteStatusAsync(
            new RunStatus { RunId = running, State = RunState.Running, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch }, Cancel);
        await api.Client.PostAsync($"/api/runs/{running}/retry", null, Cancel);
        await api.Runs.WriteStatusAsync((await api.Runs.TryReadStatusAsync(running, Cancel))! with { State = RunState.Cancelled }, Cancel);
        await api.Client.DeleteAsync($"/api/runs/{running}", Cancel);
        foreach (var id in (string[])[await api.NewRunAsync(), run, "nothing"])
        {
            await api.Client.PostAsync($"/api/runs/{id}/cancel", null, Cancel);
            await api.Client.PostAsync($"/api/runs/{id}/retry", null, Cancel);
            await api.Client.DeleteAsync($"/api/runs/{id}", Cancel);
        }

        var listed = api.Contract.Answers.Where(
            answer => !answer.EndsWith("default", StringComparison.Ordinal) && answer is not ("getHealth 503" or "submitRun 502" or "planRun 502"));
        Assert.Equal(listed.Order(), api.Seen.Order());
    }

    [Fact]
    public async Task Without_storage_the_service_says_that_it_is_unhealthy()
    {
        var nowhere = new ArtifactStore(new Azure.Storage.Blobs.BlobContainerClient(
            new Uri("http://127.0.0.1:1/account/distil"), new Azure.Storage.Blobs.BlobClientOptions { Retry = { MaxRetries = 0 } }));
        await using var server = await ApiServer.StartAsync(
            new DistilApi(nowhere, new ApiOptions(), new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System))),
            new ApiOptions(), new RecordingRunHost(),
            new ServeOptions { Urls = ServeOptions.ParseUrls("http://127.0.0.1:0") }, models: null, Cancel);
        using var client = new HttpClient { BaseAddress = server.Urls[0] };

        using var health = await client.GetAsync("/api/health", Cancel);
        Assert.Equal("unhealthy", (await ServedApi.ReadAsync<Core.Api.Documents.HealthDocument>(health, 503)).Status);
        await ServedApi.ProblemAsync(client.GetAsync("/api/runs", Cancel), 503, "storage");
    }

    [Fact]
    public async Task Says_which_key_it_wants()
    {
        await using var api = await ServedApi.StartAsync(azurite, ServedApi.ApiKey);
        api.Client.DefaultRequestHeaders.Authorization = new("Bearer", ServedApi.ApiKey);
        var document = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json", Cancel))!;
        Assert.Equal(["basic", "bearer"], document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).Order());
        Assert.Equal(2, document["security"]!.AsArray().Count);
    }

    [Fact]
    public async Task Describes_what_it_lists()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var document = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json", Cancel))!;
        foreach (var operation in document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!))
        {
            Assert.NotNull(operation["summary"]);
            Assert.All(operation["parameters"]?.AsArray() ?? [], parameter => Assert.NotNull(parameter!["description"]));
        }

        Assert.Equal("The run.", (string?)document["components"]!["schemas"]!["RunStatus"]!["properties"]!["runId"]!["description"]);
    }

    [Fact]
    public async Task The_specifications_schema_is_served()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        Assert.Equal(RunSpecSchema.Published, await api.Client.GetStringAsync("/api/schema", Cancel));
    }

    private static async Task WriteResultsAsync(ServedApi api, string run)
    {
        await api.Store.WriteTextAsync(
            ArtifactLayout.Metrics(run, StudentVariant.Distilled), JsonSerializer.Serialize(SampleTraining.Step(0), DistilJson.Options) + "\n", cancel: Cancel);
        await api.Store.WriteJsonAsync(ArtifactLayout.EpochReport(run, StudentVariant.Distilled, 0), SampleTraining.Evaluation(rows: 1), Cancel);
        await api.Store.WriteTextAsync(ArtifactLayout.Report(run), "<p>", cancel: Cancel);
        await api.Store.WriteTextAsync(ArtifactLayout.ModelFile(run, StudentVariant.Distilled, "config.json"), "{}", cancel: Cancel);
        await api.Store.WriteTextAsync(ArtifactLayout.ReportData(run), "{}", cancel: Cancel);
        await api.Store.WriteJsonAsync(ArtifactLayout.ReportData(run), SampleReport.Create(), Cancel);
        await api.Store.WriteJsonAsync(ArtifactLayout.JobProgress(run, "train-001"),
            new JobProgress { Stage = "train", Done = 1, Total = 2, Unit = "steps", At = DateTimeOffset.UnixEpoch }, Cancel);
        await api.Runs.WriteStatusAsync(
            new RunStatus
            {
                RunId = run,
                State = RunState.Failed,
                Stage = JobKind.Train,
                Epoch = 0,
                Jobs = ["train-001"],
                LastFailure = new JobFailure(FailureClass.Transient, "the line is bad", "a trace"),
                StartedAt = DateTimeOffset.UnixEpoch,
                UpdatedAt = DateTimeOffset.UnixEpoch,
            },
            Cancel);
    }
}
