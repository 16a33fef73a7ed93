using System.Text;
using Distil.Cli.Workspaces;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Specification;

namespace Distil.Cli.Tests.Serving;

public sealed class SubmitRunTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_written_scheduled_and_told_where_it_is()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var response = await api.SubmitAsync(ServedApi.Spec());
        var submitted = await ServedApi.ReadAsync<SubmittedRun>(response, 202);

        Assert.Equal($"/api/runs/{submitted.RunId}", response.Headers.Location?.ToString());
        Assert.Equal(submitted.RunId, Assert.Single(api.Host.Scheduled).RunId);
        Assert.Equal("served", (await api.Runs.ReadSpecAsync(submitted.RunId, Cancel)).Name);
        Assert.Equal(64, (await api.GetAsync<RunSpec>(submitted.Links.Spec)).Dataset.ContextLength);
        Assert.Equal(submitted.RunId, (await api.GetAsync<Core.Runs.RunPlan>(submitted.Links.Plan)).RunId);
    }

    [Fact]
    public async Task Every_bad_field_is_pointed_at()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var spec = ServedApi.Spec("No Good");
        spec["training"] = new System.Text.Json.Nodes.JsonObject { ["learningRat"] = 1, ["epochs"] = 0 };
        var problem = await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400, "3 fields");

        Assert.Equal(["/name", "/training/learningRat", "/training/epochs"], problem.Errors.Select(error => error.Pointer));
        Assert.Contains("did you mean learningRate?", problem.Errors[1].Message, StringComparison.Ordinal);
        Assert.Empty(api.Host.Scheduled);
        Assert.Empty(await api.Runs.ListIdsAsync(Cancel));
    }

    [Fact]
    public async Task A_signature_is_refused_before_it_is_stored_or_said_again()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var spec = ServedApi.Spec();
        spec["dataset"]!["evalSources"] = new System.Text.Json.Nodes.JsonArray("https://account.blob.core.windows.net/c/a.txt?sv=1&sig=hush");
        using var response = await api.SubmitAsync(spec, idempotencyKey: "k");
        var answer = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("/dataset/evalSources/0", answer, StringComparison.Ordinal);
        Assert.Contains("DISTIL_SIGNED_URLS", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", answer, StringComparison.Ordinal);
        await foreach (var blob in api.Store.ListAsync("", Cancel))
        {
            Assert.Fail($"{blob.Name} was written");
        }
    }

    [Theory]
    [InlineData("/teacher/path", "teacher", "path", "\"/no/such/folder\"")]
    [InlineData("/dataset/sources", "dataset", "sources", "[\"/no/such/text.txt\"]")]
    [InlineData("/dataset/contextLength", "dataset", "contextLength", "100000")]
    public async Task What_planning_finds_is_pointed_at_too(string pointer, string section, string field, string value)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var spec = ServedApi.Spec();
        spec[section]![field] = System.Text.Json.Nodes.JsonNode.Parse(value);
        var problem = await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400);

        Assert.Equal(pointer, Assert.Single(problem.Errors).Pointer);
        Assert.Equal(problem.Detail, problem.Errors[0].Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"\\ud800\"")]
    public async Task What_is_no_specification_is_refused(string body)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.PostAsync(body), 400);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_media_type_is_refused(string? contentType)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.PostAsync(ServedApi.Spec().ToJsonString(), contentType), 415, "Content-Type", "application/json");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_refused_whether_or_not_it_says_its_length(bool chunked)
    {
        await using var api = await ServedApi.StartAsync(azurite, options: new ApiOptions { MaxBodyBytes = 5_000 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(new string(' ', 6_000))),
        };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        await ServedApi.ProblemAsync(api.Client.SendAsync(request, Cancel), 413, "5000");
    }

    [Fact]
    public async Task A_body_that_is_not_UTF8_is_refused()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var content = new ByteArrayContent([(byte)'{', 0xff, (byte)'}']);
        content.Headers.ContentType = new("application/json");
        await ServedApi.ProblemAsync(api.Client.PostAsync("/api/runs", content, Cancel), 400, "UTF-8");
    }

    [Fact]
    public async Task Local_paths_stay_inside_the_allowed_folders()
    {
        var outside = Path.GetFullPath(Path.Combine(Workspace.Find().RepositoryFile("samples"), "..", "samples-elsewhere"));
        await using var api = await ServedApi.StartAsync(azurite, options: new ApiOptions
        {
            PathRoots = [Workspace.Find().RepositoryFile("samples", "stories")],
        });
        using (var inside = await api.SubmitAsync(ServedApi.Spec()))
        {
            await ServedApi.ReadAsync<SubmittedRun>(inside, 202);
        }

        foreach (var path in (string[])["/etc/passwd", outside, Path.Combine(Workspace.Find().RepositoryFile("samples", "stories"), "..", "demo.json"),
            "../*", "/proc/self/environ"])
        {
            var spec = ServedApi.Spec();
            spec["dataset"]!["sources"]!.AsArray().Add(path);
            var problem = await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400, "expected a path in");
            Assert.Equal("/dataset/sources/1", Assert.Single(problem.Errors).Pointer);
        }
    }

    [Fact]
    public async Task So_do_the_files_of_tasks()
    {
        await using var api = await ServedApi.StartAsync(azurite, options: new ApiOptions
        {
            PathRoots = [Workspace.Find().RepositoryFile("samples", "stories")],
        });
        var spec = ServedApi.Spec();
        spec["evaluation"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "tasks": [{ "name": "t", "path": "/etc/passwd", "shotsPath": "/proc/self/environ" }] }""");
        var problem = await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400);
        Assert.Equal(["/evaluation/tasks/0/path", "/evaluation/tasks/0/shotsPath"], problem.Errors.Select(error => error.Pointer));
        Assert.All(problem.Errors, error => Assert.Contains("expected a path in", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_without_folders_reads_no_local_file()
    {
        await using var api = await ServedApi.StartAsync(azurite, options: new ApiOptions { PathRoots = [] });
        var problem = await ServedApi.ProblemAsync(api.SubmitAsync(ServedApi.Spec()), 400);
        Assert.Equal(["/teacher/path", "/dataset/sources/0"], problem.Errors.Select(error => error.Pointer));
    }
}
