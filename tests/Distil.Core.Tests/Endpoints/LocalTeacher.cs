using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Tests.Endpoints;

/// <summary>A server on loopback that answers as vLLM and as SGLang do, for a teacher whose distribution after a token depends on that token and its
/// position alone.</summary>
internal sealed class LocalTeacher : IAsyncDisposable
{
    public const string Model = "big";

    private readonly WebApplication _app;

    private LocalTeacher(WebApplication app) => _app = app;

    /// <value>The server's root.</value>
    public string Url { get; private set; } = "";

    /// <value>V.</value>
    public required int Vocabulary { get; init; }

    /// <value>Cuts a text into tokens.</value>
    public Func<string, IReadOnlyList<int>> Tokenize { get; set; } = text => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];

    /// <value>The prompts of rows that were scored.</value>
    public ConcurrentQueue<int[]> Prompts { get; } = new();

    /// <value>The headers Authorization of all requests.</value>
    public ConcurrentQueue<string> Keys { get; } = new();

    /// <value>What is done instead of the next answers to rows.</value>
    public ConcurrentQueue<Func<HttpContext, Task>> Failures { get; } = new();

    /// <value>Changes the answer to a row.</value>
    public Action<JsonNode>? Change { get; set; }

    /// <value>vLLM's <c>--max-logprobs</c>.</value>
    public int MaxLogprobs { get; set; } = int.MaxValue;

    public static async Task<LocalTeacher> StartAsync(int vocabulary)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var teacher = new LocalTeacher(app) { Vocabulary = vocabulary };
        app.Run(teacher.AnswerAsync);
        await app.StartAsync();
        teacher.Url = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features
            .Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.First();
        return teacher;
    }

    /// <summary>Unnormalised log-probabilities of the token after another one, (V); no two are equal.</summary>
    public static float[] Logits(int token, int position, int vocabulary) =>
        [.. Enumerable.Range(0, vocabulary).Select(id => (float)(6 * Math.Sin((id * 0.7) + (token * 1.3) + (position * 0.11)) - (0.003 * id)))];

    /// <summary>The log-probabilities of the token after another one, (V).</summary>
    public static float[] LogProbabilities(int token, int position, int vocabulary)
    {
        var logits = Logits(token, position, vocabulary);
        var sum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        return [.. logits.Select(logit => (float)(logit - sum))];
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Keys.Enqueue(http.Request.Headers.Authorization.ToString());
        if (http.Request.Path == "/v1/models")
        {
            await SendAsync(http, JsonNode.Parse($$"""{ "object": "list", "data": [{ "id": "{{Model}}", "object": "model" }] }""")!);
            return;
        }

        var request = (await JsonNode.ParseAsync(http.Request.Body))!;
        var ofVllm = http.Request.Path == "/v1/completions";
        if ((ofVllm ? request["prompt"] : request["text"]) is JsonValue text)
        {
            await SendAsync(http, ofVllm ? VllmText(text.GetValue<string>()) : Sglang([.. Tokenize(text.GetValue<string>())], 1));
        }
        else if (Failures.TryDequeue(out var fail))
        {
            await fail(http);
        }
        else if ((int)(ofVllm ? request["prompt_logprobs"] : request["top_logprobs_num"])! is var count && count > MaxLogprobs)
        {
            http.Response.StatusCode = 400;
            await SendAsync(http, JsonNode.Parse($$"""{ "error": { "message": "Requested prompt logprobs of {{count}}, which is greater than max allowed: {{MaxLogprobs}}" } }""")!);
        }
        else
        {
            int[] tokens = [.. (ofVllm ? request["prompt"] : request["input_ids"])!.AsArray().Select(id => (int)id!)];
            Prompts.Enqueue(tokens);
            var answer = ofVllm ? VllmRow(tokens, count) : Sglang(tokens, count);
            Change?.Invoke(answer);
            await SendAsync(http, answer);
        }
    }

    private JsonObject VllmText(string text) => new()
    {
        ["choices"] = new JsonArray(new JsonObject
        {
            ["logprobs"] = new JsonObject { ["tokens"] = new JsonArray([.. Tokenize(text).Append(0).Select(id => (JsonNode)$"token_id:{id}")]) },
        }),
    };

    /// <summary>vLLM names the prompt's own token first, whether or not it is among the most probable.</summary>
    private JsonObject VllmRow(int[] tokens, int count) => new()
    {
        ["object"] = "text_completion",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["text"] = " x",
            ["logprobs"] = new JsonObject
            {
                ["tokens"] = new JsonArray("token_id:0"),
                ["top_logprobs"] = new JsonArray(new JsonObject(Scores(tokens, tokens.Length - 1, count, named: 0)
                    .Select(score => KeyValuePair.Create($"token_id:{score.Id}", (JsonNode?)score.Log)))),
            },
            ["prompt_logprobs"] = new JsonArray([null, .. Enumerable.Range(0, tokens.Length - 1).Select(position => new JsonObject(
                Scores(tokens, position, count, named: tokens[position + 1]).Select(score => KeyValuePair.Create(
                    score.Id.ToString(CultureInfo.InvariantCulture), (JsonNode?)new JsonObject { ["logprob"] = score.Log, ["rank"] = 1, ["decoded_token"] = "x" }))))]),
            ["prompt_token_ids"] = new JsonArray([.. tokens.Select(id => (JsonNode)id)]),
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = tokens.Length, ["completion_tokens"] = 1 },
    };

    private JsonObject Sglang(int[] tokens, int count) => new()
    {
        ["text"] = " x",
        ["meta_info"] = new JsonObject
        {
            ["prompt_tokens"] = tokens.Length,
            ["input_token_logprobs"] = new JsonArray([.. tokens.Select((id, i) => new JsonArray(i == 0 ? null : -1.5, id, null))]),
            ["input_top_logprobs"] = new JsonArray([null, .. Enumerable.Range(0, tokens.Length - 1).Select(position => Triples(tokens, position, count))]),
            ["output_top_logprobs"] = new JsonArray(Triples(tokens, tokens.Length - 1, count)),
        },
    };

    private JsonArray Triples(int[] tokens, int position, int count) =>
        new([.. Scores(tokens, position, count, named: null).Select(score => new JsonArray(score.Log, score.Id, null))]);

    private IEnumerable<(int Id, float Log)> Scores(int[] tokens, int position, int count, int? named)
    {
        var logs = LogProbabilities(tokens[position], position, Vocabulary);
        var top = Enumerable.Range(0, Vocabulary).OrderByDescending(id => logs[id]).Take(count);
        return (named is { } id ? top.Prepend(id) : top).Distinct().Select(each => (each, logs[each]));
    }

    private static async Task SendAsync(HttpContext http, JsonNode answer)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString());
    }
}
