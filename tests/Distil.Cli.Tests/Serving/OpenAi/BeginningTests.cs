using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.Chat;
using Distil.Inference.Tests.Chat;
using Microsoft.Extensions.AI;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>The prompts of a student whose texts begin with a token: completions get it once, chats from their template alone.</summary>
public sealed class BeginningTests : IAsyncLifetime
{
    private const string Bos = "<|im_start|>", Prompt = "Once upon a time";

    private const string Written = "{{ bos_token }}{% for message in messages %}{{ '<' + message.role + '>' + message.content + '\\n' }}{% endfor %}";

    private readonly string _folder = ChatStudent.Write();
    private StudentModel? _model;
    private ModelServer? _server;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(Path.Combine(_folder, TokenizerSettings.FileName), $$"""{ "add_bos_token": true, "bos_token": "{{Bos}}" }""");
        _model = StudentModel.Open(_folder, new() { Threads = 1 });
        _server = await ServedModel.StartAsync(_model, null);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _model!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_completions_text_begins_with_it_once_and_given_tokens_are_as_they_are()
    {
        var (bos, ids) = (_model!.Tokenizer.Beginning!.Value, _model.Tokenizer.Encode(Prompt, cancel: Stop));
        var expected = await CompleteAsync(new JsonArray([.. ids.Prepend(bos).Select(id => JsonValue.Create(id))]));
        Assert.Equal(ids.Count + 1, expected.PromptTokens);
        Assert.Equal(expected, await CompleteAsync(Prompt));
        Assert.Equal(expected, await CompleteAsync(Bos + Prompt));
        Assert.Equal(1, (await CompleteAsync("")).PromptTokens);
        var without = await CompleteAsync(new JsonArray([.. ids.Select(id => JsonValue.Create(id))]));
        Assert.Equal(ids.Count, without.PromptTokens);
        Assert.NotEqual(expected.Text, without.Text); // so that the text shows what was read
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_chat_has_it_if_its_template_writes_it_and_once(bool writes)
    {
        var folder = ChatStudent.Write();
        File.Copy(Path.Combine(_folder, TokenizerSettings.FileName), Path.Combine(folder, TokenizerSettings.FileName));
        if (writes)
        {
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Written);
        }

        var rendered = writes ? $"{Bos}<user>{Prompt}\n" : $"<user>{Prompt}\n<assistant>";
        var ids = _model!.Tokenizer.Encode(rendered, cancel: Stop);
        Assert.Equal(writes ? 1 : 0, ids.Count(id => id == _model.Tokenizer.Beginning));
        await using (var model = StudentModel.Open(folder, new() { Threads = 1 }))
        {
            await using var server = await ServedModel.StartAsync(model, null);
            var answer = await PostAsync(server, "chat/completions", new()
            {
                ["model"] = model.Name, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Prompt }), ["max_tokens"] = 2, ["temperature"] = 0,
            });
            Assert.Equal(ids.Count, (int?)answer["usage"]!["prompt_tokens"]);
        }

        using (var client = StudentChatClient.Open(folder, new() { Threads = 1 }))
        {
            var answer = await client.GetResponseAsync([new ChatMessage(ChatRole.User, Prompt)], new() { MaxOutputTokens = 2, Temperature = 0 }, Stop);
            Assert.Equal(ids.Count, answer.Usage!.InputTokenCount);
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<(int? PromptTokens, string? Text)> CompleteAsync(JsonNode prompt)
    {
        var answer = await PostAsync(_server!, "completions", new() { ["model"] = _model!.Name, ["prompt"] = prompt, ["max_tokens"] = 12, ["temperature"] = 0 });
        return ((int?)answer["usage"]!["prompt_tokens"], (string?)answer["choices"]![0]!["text"]);
    }

    private static async Task<JsonObject> PostAsync(ModelServer server, string path, JsonObject body)
    {
        using var http = new HttpClient { BaseAddress = server.Urls[0] };
        using var answer = await http.PostAsJsonAsync($"v1/{path}", body, Stop);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
    }
}
