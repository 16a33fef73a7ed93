using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Artifacts;
using Distil.Inference.Tests.Chat;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>OpenAI's API for a finished run, as the page <em>Try it</em> uses it.</summary>
public sealed class RunModelEndpointsTests(SharedAzurite azurite) : IDisposable
{
    private readonly string _folder = ChatStudent.Write();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_finished_run_answers_whole_and_streamed_and_one_that_has_not_finished_does_not()
    {
        await using var models = Models();
        await using var api = await ServedApi.StartAsync(azurite, models: models);
        using var http = new HttpClient { BaseAddress = api.Client.BaseAddress };
        var (finished, unfinished) = (await api.NewRunAsync("finished"), await api.NewRunAsync("unfinished"));
        await api.Store.WriteTextAsync(ArtifactLayout.ReportData(finished), "{}", cancel: Cancel);

        Assert.Equal(finished, (string?)(await http.GetFromJsonAsync<JsonObject>($"api/runs/{finished}/v1/models", Cancel))!["data"]![0]!["id"]);
        Assert.Null(models.OpenRun); // a look opens nothing
        using var whole = await PostAsync(http, finished, "completions", new() { ["model"] = finished, ["prompt"] = "Once", ["temperature"] = 0 });
        var text = (string?)(await whole.Content.ReadFromJsonAsync<JsonObject>(Cancel))!["choices"]![0]!["text"];
        Assert.NotEmpty(text!);

        using var streamed = await PostAsync(
            http, finished, "completions", new() { ["model"] = finished, ["prompt"] = "Once", ["temperature"] = 0, ["stream"] = true });
        Assert.Equal("text/event-stream", streamed.Content.Headers.ContentType!.MediaType);
        var events = (await streamed.Content.ReadAsStringAsync(Cancel)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(each => each["data: ".Length..]).ToList();
        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal(text, string.Concat(events[..^1].Select(each => (string?)JsonNode.Parse(each)!["choices"]![0]!["text"])));

        using var chat = await PostAsync(
            http, finished, "chat/completions", new()
            {
                ["model"] = finished, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }), ["max_tokens"] = 3,
            });
        Assert.Equal(HttpStatusCode.OK, chat.StatusCode);

        await RefusedAsync(PostAsync(http, unfinished, "completions", new() { ["model"] = unfinished, ["prompt"] = "a" }), 404, "has no report: it is queued");
        await RefusedAsync(PostAsync(http, "nobody", "completions", new() { ["model"] = "nobody", ["prompt"] = "a" }), 404, "nobody");
        await RefusedAsync(PostAsync(http, finished, "completions", new() { ["model"] = finished, ["prompt"] = "a", ["temperature"] = 7 }), 400, "temperature is 7");
        await RefusedAsync(PostAsync(http, finished, "completions", new() { ["model"] = "other", ["prompt"] = "a" }), 404, "other does not exist");
        await using (await models.UseAsync(finished, Cancel))
        {
            var other = await api.NewRunAsync("other");
            await api.Store.WriteTextAsync(ArtifactLayout.ReportData(other), "{}", cancel: Cancel);
            await RefusedAsync(PostAsync(http, other, "completions", new() { ["model"] = other, ["prompt"] = "a" }), 429, $"the student of {finished} is answering");
        }
    }

    [Fact]
    public async Task The_guards_of_the_rest_of_the_api_hold()
    {
        await using var models = Models();
        await using var api = await ServedApi.StartAsync(azurite, apiKey: ServedApi.ApiKey, models: models);
        using var http = new HttpClient { BaseAddress = api.Client.BaseAddress };
        using var refused = await PostAsync(http, "run", "completions", new() { ["model"] = "run", ["prompt"] = "a" });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        http.DefaultRequestHeaders.Authorization = new("Bearer", ServedApi.ApiKey);
        http.DefaultRequestHeaders.Add("Origin", "https://elsewhere.example");
        using var foreign = await PostAsync(http, "run", "completions", new() { ["model"] = "run", ["prompt"] = "a" });
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        Assert.Null(models.OpenRun);
    }

    [Fact]
    public async Task Without_models_there_is_no_such_path()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var http = new HttpClient { BaseAddress = api.Client.BaseAddress };
        using var answer = await http.GetAsync("api/runs/run/v1/models", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private RunModels Models() => new((_, _) => Task.FromResult(_folder), TimeSpan.FromHours(1), TimeProvider.System);

    private static Task<HttpResponseMessage> PostAsync(HttpClient http, string runId, string path, JsonObject body) =>
        http.PostAsJsonAsync($"api/runs/{runId}/v1/{path}", body, Cancel);

    private static async Task RefusedAsync(Task<HttpResponseMessage> sending, int status, string message)
    {
        using var answer = await sending;
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(message, (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>(Cancel))!["error"]!["message"], StringComparison.Ordinal);
    }
}
