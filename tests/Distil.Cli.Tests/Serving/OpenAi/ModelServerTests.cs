using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Inference.Tests.Chat;
using OpenAI;
using OpenAI.Chat;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>The endpoints, driven by OpenAI's own client and by plain requests.</summary>
public sealed class ModelServerTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_gives_the_text_of_the_whole_answer_and_both_count_their_tokens()
    {
        var chat = Client().GetChatClient(served.Model.Name);
#pragma warning disable OPENAI001 // the seed is experimental in the client
        ChatCompletionOptions Options() => new() { MaxOutputTokenCount = 24, Seed = 7, Temperature = 1 };
#pragma warning restore OPENAI001
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("Once upon a time")];
        ChatCompletion whole = await chat.CompleteChatAsync(messages, Options(), Stop);
        var (text, usage) = (new StringBuilder(), (ChatTokenUsage?)null);
        await foreach (var update in chat.CompleteChatStreamingAsync(messages, Options(), Stop))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            usage = update.Usage ?? usage;
        }

        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.NotEmpty(text.ToString());
        Assert.Equal(ChatFinishReason.Length, whole.FinishReason);
        Assert.Equal(24, whole.Usage.OutputTokenCount);
        Assert.Equal(whole.Usage.InputTokenCount, served.Model.Tokenizer.Encode("<system>Be brief.\n<user>Once upon a time\n<assistant>", cancel: TestContext.Current.CancellationToken).Count);
        Assert.Equal((whole.Usage.InputTokenCount, 24), (usage!.InputTokenCount, usage.OutputTokenCount));
    }

    [Fact]
    public async Task Log_probabilities_and_a_stop_text_reach_the_client()
    {
        var chat = Client().GetChatClient(served.Model.Name);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 30, Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        ChatCompletion free = await chat.CompleteChatAsync([new UserChatMessage("Once")], options, Stop);
        Assert.Equal(30, free.ContentTokenLogProbabilities.Count);
        Assert.All(free.ContentTokenLogProbabilities, token =>
        {
            Assert.InRange(token.LogProbability, float.NegativeInfinity, 0);
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.Equal(token.LogProbability, token.TopLogProbabilities[0].LogProbability); // greedy
        });
        var text = free.Content[0].Text;
        var stop = text.Substring(text.Length / 2, 3);
        ChatCompletion stopped = await chat.CompleteChatAsync(
            [new UserChatMessage("Once")], new() { MaxOutputTokenCount = 30, Temperature = 0, StopSequences = { stop } }, Stop);
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], stopped.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
    }

    [Fact]
    public async Task A_completion_continues_text_or_its_tokens_alike()
    {
        var prompt = "Once upon a time";
        var byText = await PostAsync("completions", new() { ["prompt"] = prompt, ["temperature"] = 0, ["max_tokens"] = 12 });
        var byTokens = await PostAsync("completions", new()
        {
            ["prompt"] = new JsonArray([.. served.Model.Tokenizer.Encode(prompt, cancel: TestContext.Current.CancellationToken).Select(id => JsonValue.Create(id))]), ["temperature"] = 0, ["max_tokens"] = 12,
        });
        Assert.Equal((string?)byText["choices"]![0]!["text"], (string?)byTokens["choices"]![0]!["text"]);
        Assert.Equal("text_completion", (string?)byText["object"]);
        Assert.Equal(12, (int?)byText["usage"]!["completion_tokens"]);
    }

    [Theory]
    [InlineData("{", 400, "not valid JSON", null)]
    [InlineData("[]", 400, "not a JSON object", null)]
    [InlineData("""{"prompt":"a"}""", 400, "model is missing", "model")]
    [InlineData("""{"model":"other","prompt":"a"}""", 404, "other does not exist", "model")]
    [InlineData("""{"model":"@","prompt":"a","temperature":3}""", 400, "temperature is 3; expected a number from 0 to 2", "temperature")]
    [InlineData("""{"model":"@","prompt":"a","max_tokens":0}""", 400, "max_tokens is 0", "max_tokens")]
    [InlineData("""{"model":"@","prompt":"a","n":2}""", 400, "n is 2", "n")]
    [InlineData("""{"model":"@","prompt":"a","logit_bias":{"5":1}}""", 400, "logit_bias is not supported", "logit_bias")]
    [InlineData("""{"model":"@","prompt":{"a":1}}""", 400, "prompt is", "prompt")]
    [InlineData("""{"model":"@","prompt":[99999]}""", 400, "token 99999", null)]
    [InlineData("""{"model":"@","prompt":"\ud800"}""", 400, "surrogate", null)]
    [InlineData("""{"model":"@","prompt":"a","stop":["a","b","c","d","e"]}""", 400, "stop has 5 texts", "stop")]
    [InlineData("""{"model":"@","prompt":"a","stream_options":7}""", 400, "stream_options is 7", "stream_options")]
    public async Task A_bad_request_is_answered_as_openai_does(string body, int status, string message, string? param)
    {
        using var http = new HttpClient { BaseAddress = served.Url };
        using var content = new StringContent(body.Replace("@", served.Model.Name, StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("v1/completions", content, Stop);
        var error = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!;
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(message, (string?)error["message"]);
        Assert.Equal(param, (string?)error["param"]);
        Assert.NotNull(error["type"]);
    }

    [Fact]
    public async Task A_client_that_goes_away_frees_its_slot()
    {
        // A text without an end of its own: it is there however late the client reads, and only the client's leaving ends it.
        await using var server = await ServedModel.StartAsync(served.Model, null, maxTokens: int.MaxValue);
        using var cancel = new CancellationTokenSource();
        var chat = Client(server.Urls[0]).GetChatClient(served.Model.Name);
        await using (var updates = chat.CompleteChatStreamingAsync([new UserChatMessage("Once")], new() { Temperature = 0 }, cancel.Token).GetAsyncEnumerator(Stop))
        {
            Assert.True(await updates.MoveNextAsync());
            Assert.True(served.Model.Scheduler.Figures.Slots > 0);
            await cancel.CancelAsync();
        }

        while (served.Model.Scheduler.Figures.Slots > 0)
        {
            await Task.Delay(10, Stop);
        }
    }

    [Fact]
    public async Task Without_a_key_it_refuses_and_tells_of_the_model_and_its_figures_with_one()
    {
        const string Key = "0123456789abcdef0123";
        await using var server = await ServedModel.StartAsync(served.Model, Key);
        using var http = new HttpClient { BaseAddress = server.Urls[0] };
        using var refused = await http.GetAsync("v1/models", Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("invalid_api_key", (string?)(await refused.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!["code"]);
        http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        Assert.Equal(served.Model.Name, (string?)(await http.GetFromJsonAsync<JsonObject>("v1/models", Stop))!["data"]![0]!["id"]);
        Assert.Contains("distil_tokens_generated_total", await http.GetStringAsync("metrics", Stop));
        using var lost = await http.GetAsync("v1/nowhere", Stop);
        Assert.Equal("not_found_error", (string?)(await lost.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!["type"]);
    }

    [Fact]
    public async Task A_model_without_a_template_refuses_chats_and_says_so()
    {
        await using var model = Inference.Answers.StudentModel.Open(ChatStudent.Write(template: false), new() { Threads = 1 });
        await using var server = await ServedModel.StartAsync(model, null);
        using var http = new HttpClient { BaseAddress = server.Urls[0] };
        using var answer = await http.PostAsJsonAsync(
            "v1/chat/completions", new { model = model.Name, messages = new[] { new { role = "user", content = "Hi" } } }, Stop);
        Assert.Equal("no_chat_template", (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!["code"]);
    }

    private OpenAIClient Client(Uri? server = null) => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new(server ?? served.Url, "v1") });

    private async Task<JsonObject> PostAsync(string path, JsonObject body)
    {
        body["model"] = served.Model.Name;
        using var http = new HttpClient { BaseAddress = served.Url };
        using var answer = await http.PostAsJsonAsync($"v1/{path}", body, Stop);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
    }
}
