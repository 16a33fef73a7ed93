using System.Text.Json.Nodes;
using Distil.Core.Endpoints;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;
using Distil.Core.Tokenization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Endpoints;

/// <summary>A teacher behind a server on loopback that answers as vLLM and SGLang do, and its failures.</summary>
public sealed class EndpointTeacherTests : IAsyncLifetime
{
    private const int Vocabulary = TinyTeacher.VocabularySize, MaxTokens = 5;

    private static readonly int[] Row = [7, 200, 3, 3, 250, 11];

    private readonly TemporaryFolder _folder = new();
    private LocalTeacher _server = null!;

    public async ValueTask InitializeAsync() => _server = await LocalTeacher.StartAsync(Vocabulary);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(EndpointApi.Vllm, "")]
    [InlineData(EndpointApi.Vllm, "/v1/")]
    [InlineData(EndpointApi.Sglang, "/")]
    public async Task The_most_probable_tokens_after_each_token_of_a_row_are_those_of_its_distributions(EndpointApi api, string suffix)
    {
        var scores = await TeacherOf(api, suffix).ScoreAsync(Row, Cancel);
        Assert.Equal(Row, Assert.Single(_server.Prompts));
        Assert.Equal(Row.Length, scores.Count);
        for (var position = 0; position < Row.Length; position++)
        {
            var logs = LocalTeacher.LogProbabilities(Row[position], position, Vocabulary);
            var expected = Enumerable.Range(0, Vocabulary).OrderByDescending(id => logs[id]).Take(MaxTokens).Select(id => new TokenScore(id, logs[id]));
            Assert.Equal(expected, scores[position]);
        }
    }

    [Fact]
    public async Task A_server_of_another_version_that_does_not_return_the_prompts_ids_is_understood()
    {
        _server.Change = answer => answer["choices"]![0]!.AsObject().Remove("prompt_token_ids");
        Assert.Equal(Row.Length, (await TeacherOf().ScoreAsync(Row, Cancel)).Count);
        _server.Change = answer =>
        {
            answer["choices"]![0]!.AsObject().Remove("prompt_token_ids");
            answer["choices"]![0]!["prompt_logprobs"]![2] = answer["choices"]![0]!["prompt_logprobs"]![5]!.DeepClone(); // of another token
        };
        Assert.Contains("does not score token 3 at position 2, which was sent", (await WrongAsync()).Message);
    }

    [Fact]
    public async Task More_tokens_than_the_vocabulary_has_are_not_asked_for() =>
        Assert.All(await TeacherOf(maxTokens: 1000).ScoreAsync(Row, Cancel), position => Assert.Equal(Vocabulary, position.Length));

    [Fact]
    public async Task What_may_pass_is_tried_again()
    {
        foreach (var status in new[] { 429, 500, 503 })
        {
            _server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = status));
        }

        Assert.Equal(Row.Length, (await TeacherOf(tries: 4).ScoreAsync(Row, Cancel)).Count);
        _server.Failures.Enqueue(CutAsync);
        _server.Failures.Enqueue(http => http.Response.WriteAsync("""{ "choices": [{ "pro""", Cancel));
        Assert.Equal(Row.Length, (await TeacherOf(tries: 4).ScoreAsync(Row, Cancel)).Count);
        Assert.Equal(2, _server.Prompts.Count);
    }

    [Fact]
    public async Task A_server_that_never_recovers_is_named()
    {
        Enumerable.Range(0, 2).ToList().ForEach(_ => _server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = 502)));
        var down = await Assert.ThrowsAsync<RemoteException>(() => TeacherOf(tries: 2).ScoreAsync(Row, Cancel));
        Assert.Contains("/v1/completions does not answer as it should (502 Bad Gateway; tried 2 times)", down.Message);
        Enumerable.Range(0, 2).ToList().ForEach(_ => _server.Failures.Enqueue(CutAsync));
        Assert.Contains("/v1/completions", (await Assert.ThrowsAsync<RemoteException>(() => TeacherOf(tries: 2).ScoreAsync(Row, Cancel))).Message);
    }

    [Fact]
    public async Task A_rate_limit_that_asks_for_too_long_a_delay_is_named()
    {
        _server.Failures.Enqueue(http =>
        {
            http.Response.Headers.RetryAfter = "3600";
            return Task.FromResult(http.Response.StatusCode = 429);
        });
        Assert.Contains("it asks to wait 3600 seconds", (await Assert.ThrowsAsync<RemoteException>(() => TeacherOf().ScoreAsync(Row, Cancel))).Message);
    }

    [Theory]
    [InlineData(400, """{ "error": { "message": "too long" } }""", "answers 400 Bad Request: too long; expected a server that allows teacher.keep.maxTokens")]
    [InlineData(404, """{ "object": "error", "message": "no model" }""", "answers 404 Not Found: no model; expected a server of vllm with the model big")]
    [InlineData(401, "no", "answers 401 Unauthorized; no key is set for it: expected http")]
    [InlineData(307, "", "expected the server's own URL, because redirects are not followed")]
    public async Task A_refusal_says_what_the_server_said_and_is_not_tried_again(int status, string body, string message)
    {
        _server.Failures.Enqueue(http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "https://elsewhere.example";
            return http.Response.WriteAsync(body, Cancel);
        });
        Assert.Contains(message, (await WrongAsync()).Message);
        Assert.Empty(_server.Prompts);
    }

    [Fact]
    public async Task Fewer_log_probabilities_than_were_asked_for_are_an_error()
    {
        _server.MaxLogprobs = 4;
        Assert.Contains("greater than max allowed: 4; expected a server that allows teacher.keep.maxTokens log-probabilities (vLLM: --max-logprobs)", (await WrongAsync()).Message);
        _server.MaxLogprobs = 5;
        _server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![3] = JsonNode.Parse("""{ "3": { "logprob": -1 } }""");
        Assert.Contains("teacher.endpoint: position 2 has 1 log-probabilities; expected 5, min(teacher.keep.maxTokens, vocab_size)", (await WrongAsync()).Message);
    }

    [Theory]
    [InlineData("1e999", "the log-probability of token 9 is missing or not finite")]
    [InlineData("null", "the log-probability of token 9 is missing or not finite")]
    [InlineData("0.5", "the log-probability of token 9 is 0.5; expected a finite number, at most 0")]
    [InlineData("\"-1\"", "the log-probability of token 9 is missing or not finite")]
    [InlineData("-0.00001", "add up to 1.9999; expected at most 1")]
    [InlineData("-9999", "add up to 0; expected at most 1, and more than 0")]
    public async Task Numbers_that_are_no_probabilities_are_errors(string value, string message)
    {
        _server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![1] = JsonNode.Parse(
            $$"""{ "9": { "logprob": {{value}} }, "8": { "logprob": {{(value == "-9999" ? "-9999" : "-0.0001")}} }, "7": { "logprob": -9999.0 }, "6": { "logprob": -9999.0 }, "5": { "logprob": -9999.0 } }""");
        Assert.Contains(message, (await WrongAsync()).Message);
    }

    [Theory]
    [InlineData("""{ "288": { "logprob": -1 }, "2": { "logprob": -2 }, "3": { "logprob": -3 }, "4": { "logprob": -4 }, "5": { "logprob": -5 } }""",
        "has token 288; expected ids below 288, the teacher's vocab_size")]
    [InlineData("[1]", "does not answer as vllm does")]
    [InlineData("""{ "the": { "logprob": -1 } }""", "does not answer as vllm does")]
    public async Task Answers_of_another_form_or_vocabulary_are_errors(string position, string message)
    {
        _server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![1] = JsonNode.Parse(position);
        Assert.Contains(message, (await WrongAsync()).Message);
    }

    [Fact]
    public async Task A_row_that_was_cut_or_changed_is_an_error()
    {
        _server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]!.AsArray().RemoveAt(5);
        Assert.Contains("answers for 6 tokens with 5 distributions; 6 tokens were sent", (await WrongAsync()).Message);
        _server.Change = answer => answer["choices"]![0]!["prompt_token_ids"]![4] = 249;
        Assert.Contains("answers for token 249 at position 4; token 250 was sent", (await WrongAsync()).Message);
        _server.Change = answer => answer["meta_info"]!["input_token_logprobs"]![0]![1] = 1;
        Assert.Contains("answers for token 1 at position 0; token 7 was sent", (await WrongAsync(EndpointApi.Sglang)).Message);
    }

    [Theory]
    [InlineData(EndpointApi.Vllm)]
    [InlineData(EndpointApi.Sglang)]
    public async Task The_server_must_have_the_model_and_cut_text_into_the_same_tokens(EndpointApi api)
    {
        TinyTeacher.Write(_folder.Path);
        var tokenizer = HuggingFaceTokenizer.Load(_folder.Path);
        _server.Tokenize = text => tokenizer.Encode(text, cancel: Cancel);
        await TeacherOf(api).RequireSameAsync(tokenizer, Cancel);
        _server.Tokenize = text => [256, .. tokenizer.Encode(text, cancel: Cancel)]; // it adds a token of the beginning
        await TeacherOf(api).RequireSameAsync(tokenizer, Cancel);

        _server.Tokenize = text => [.. tokenizer.Encode(text, cancel: Cancel).Select(id => id == 'q' ? 'Q' : id)];
        var other = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api).RequireSameAsync(tokenizer, Cancel));
        Assert.Matches(@"cuts a text into other tokens than teacher\.path's tokenizer\.json does .* token 4 is 81 instead of 113\)", other.Message);

        var named = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api, model: "small").RequireSameAsync(tokenizer, Cancel));
        Assert.Contains("teacher.endpoint.model: is small; the server has big", named.Message);
    }

    [Fact]
    public async Task A_key_is_sent_to_the_server_that_it_belongs_to_and_to_no_other()
    {
        await TeacherOf(keys: $"{_server.Url}=sk-1 http://localhost:1=sk-2").ScoreAsync(Row, Cancel);
        await TeacherOf(keys: "http://localhost:1=sk-2").ScoreAsync(Row, Cancel);
        await TeacherOf(EndpointApi.Sglang, "/v1", keys: $"{_server.Url}/v1=sk-3").ScoreAsync(Row, Cancel);
        Assert.Equal(["Bearer sk-1", "", "Bearer sk-3"], _server.Keys);
        _server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = 403));
        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(keys: $"{_server.Url}=sk-1").ScoreAsync(Row, Cancel));
        Assert.EndsWith("answers 403 Forbidden; expected a valid key in DISTIL_TEACHER_KEYS", refused.Message);
    }

    [Theory]
    [InlineData("sk-hush")]
    [InlineData("https://example.org=")]
    [InlineData("http://example.org=hush")]
    [InlineData("https://example.org?x=hush")]
    [InlineData("https://example.org=húsh")]
    public void What_is_no_key_of_a_server_is_named_and_not_shown(string list)
    {
        var error = Assert.Throws<InvalidInputException>(() => EndpointKeys.Parse(list));
        Assert.StartsWith("DISTIL_TEACHER_KEYS: its entry 1 is not a URL with a key", error.Message);
        Assert.DoesNotContain("hush", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task CutAsync(HttpContext http)
    {
        http.Response.ContentLength = 1000;
        await http.Response.WriteAsync("""{ "choices": [""", Cancel);
        await http.Response.Body.FlushAsync(Cancel);
        http.Abort();
    }

    private Task<InvalidInputException> WrongAsync(EndpointApi api = EndpointApi.Vllm) =>
        Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api).ScoreAsync(Row, Cancel));

    private EndpointTeacher TeacherOf(
        EndpointApi api = EndpointApi.Vllm, string suffix = "", int maxTokens = MaxTokens, int tries = 3, string model = LocalTeacher.Model, string keys = "")
    {
        var endpoint = new EndpointSpec { Url = _server.Url + suffix, Model = model, Api = api };
        var http = new ResilientHttp(
            new RetryOptions { Tries = tries, Pause = TimeSpan.FromMilliseconds(1), MaxWait = TimeSpan.FromMinutes(1) }, TimeProvider.System, NullLogger.Instance);
        return new EndpointTeacher(endpoint, new EndpointHttp(endpoint, http, EndpointKeys.Parse(keys)), Vocabulary, maxTokens);
    }
}
