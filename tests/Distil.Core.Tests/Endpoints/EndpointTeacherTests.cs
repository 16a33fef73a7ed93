using Distil.Core.Endpoints;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;
using Distil.Core.Tokenization;
using Microsoft.AspNetCore.Http;

namespace Distil.Core.Tests.Endpoints;

/// <summary>A teacher behind a server on loopback that answers as vLLM and SGLang do, and its failures.</summary>
public sealed class EndpointTeacherTests : ServedTeacher
{
    [Theory]
    [InlineData(EndpointApi.Vllm, "")]
    [InlineData(EndpointApi.Vllm, "/v1/")]
    [InlineData(EndpointApi.Sglang, "/")]
    public async Task The_most_probable_tokens_after_each_token_of_a_row_are_those_of_its_distributions(EndpointApi api, string suffix)
    {
        var scores = await TeacherOf(api, suffix).ScoreAsync(Row, Cancel);
        Assert.Equal(Row, Assert.Single(Server.Prompts));
        Assert.Equal(Row.Length, scores.Count);
        for (var position = 0; position < Row.Length; position++)
        {
            var logs = LocalTeacher.LogProbabilities(Row[position], position, Vocabulary);
            var expected = Enumerable.Range(0, Vocabulary).OrderByDescending(id => logs[id]).Take(MaxTokens).Select(id => new TokenScore(id, logs[id]));
            Assert.Equal(expected, scores[position]);
        }
    }

    [Fact]
    public async Task AServer_of_another_version_that_does_not_return_the_prompts_ids_is_understood()
    {
        Server.Change = answer => answer["choices"]![0]!.AsObject().Remove("prompt_token_ids");
        Assert.Equal(Row.Length, (await TeacherOf().ScoreAsync(Row, Cancel)).Count);
        Server.Change = answer =>
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
            Server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = status));
        }

        Assert.Equal(Row.Length, (await TeacherOf(tries: 4).ScoreAsync(Row, Cancel)).Count);
        Server.Failures.Enqueue(CutAsync);
        Server.Failures.Enqueue(http => http.Response.WriteAsync("""{ "choices": [{ "pro""", Cancel));
        Assert.Equal(Row.Length, (await TeacherOf(tries: 4).ScoreAsync(Row, Cancel)).Count);
        Assert.Equal(2, Server.Prompts.Count);
    }

    [Fact]
    public async Task AServer_that_never_recovers_is_named()
    {
        Enumerable.Range(0, 2).ToList().ForEach(_ => Server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = 502)));
        var down = await Assert.ThrowsAsync<RemoteException>(() => TeacherOf(tries: 2).ScoreAsync(Row, Cancel));
        Assert.Contains("/v1/completions does not answer as it should (502 Bad Gateway; tried 2 times)", down.Message);
        Enumerable.Range(0, 2).ToList().ForEach(_ => Server.Failures.Enqueue(CutAsync));
        Assert.Contains("/v1/completions", (await Assert.ThrowsAsync<RemoteException>(() => TeacherOf(tries: 2).ScoreAsync(Row, Cancel))).Message);
    }

    [Fact]
    public async Task A_rate_limit_that_asks_for_too_long_a_delay_is_named()
    {
        Server.Failures.Enqueue(http =>
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
    public async Task A_refusal_says_what_theServer_said_and_is_not_tried_again(int status, string body, string message)
    {
        Server.Failures.Enqueue(http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "https://elsewhere.example";
            return http.Response.WriteAsync(body, Cancel);
        });
        Assert.Contains(message, (await WrongAsync()).Message);
        Assert.Empty(Server.Prompts);
    }

    [Theory]
    [InlineData(EndpointApi.Vllm)]
    [InlineData(EndpointApi.Sglang)]
    public async Task TheServer_must_have_the_model_and_cut_text_into_the_same_tokens(EndpointApi api)
    {
        TinyTeacher.Write(Folder.Path);
        var tokenizer = HuggingFaceTokenizer.Load(Folder.Path);
        Server.Tokenize = text => tokenizer.Encode(text, cancel: Cancel);
        await TeacherOf(api).RequireSameAsync(tokenizer, Cancel);
        Server.Tokenize = text => [256, .. tokenizer.Encode(text, cancel: Cancel)]; // it adds a token of the beginning
        await TeacherOf(api).RequireSameAsync(tokenizer, Cancel);

        Server.Tokenize = text => [.. tokenizer.Encode(text, cancel: Cancel).Select(id => id == 'q' ? 'Q' : id)];
        var other = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api).RequireSameAsync(tokenizer, Cancel));
        Assert.Matches(@"cuts a text into other tokens than teacher\.path's tokenizer\.json does .* token 4 is 81 instead of 113\)", other.Message);

        var named = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api, model: "small").RequireSameAsync(tokenizer, Cancel));
        Assert.Contains("teacher.endpoint.model: is small; the server has big", named.Message);
    }

    [Fact]
    public async Task A_key_is_sent_to_theServer_that_it_belongs_to_and_to_no_other()
    {
        await TeacherOf(keys: $"{Server.Url}=sk-1 http://localhost:1=sk-2").ScoreAsync(Row, Cancel);
        await TeacherOf(keys: "http://localhost:1=sk-2").ScoreAsync(Row, Cancel);
        await TeacherOf(EndpointApi.Sglang, "/v1", keys: $"{Server.Url}/v1=sk-3").ScoreAsync(Row, Cancel);
        Assert.Equal(["Bearer sk-1", "", "Bearer sk-3"], Server.Keys);
        Server.Failures.Enqueue(http => Task.FromResult(http.Response.StatusCode = 403));
        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(keys: $"{Server.Url}=sk-1").ScoreAsync(Row, Cancel));
        Assert.EndsWith("answers 403 Forbidden; expected a valid key in DISTIL_TEACHER_KEYS", refused.Message);
    }

    [Theory]
    [InlineData("sk-hush")]
    [InlineData("https://example.org=")]
    [InlineData("http://example.org=hush")]
    [InlineData("https://example.org?x=hush")]
    [InlineData("https://example.org=húsh")]
    public void What_is_no_key_of_aServer_is_named_and_not_shown(string list)
    {
        var error = Assert.Throws<InvalidInputException>(() => EndpointKeys.Parse(list));
        Assert.StartsWith("DISTIL_TEACHER_KEYS: its entry 1 is not a URL with a key", error.Message);
        Assert.DoesNotContain("hush", error.Message);
    }

    private static async Task CutAsync(HttpContext http)
    {
        http.Response.ContentLength = 1000;
        await http.Response.WriteAsync("""{ "choices": [""", Cancel);
        await http.Response.Body.FlushAsync(Cancel);
        http.Abort();
    }
}
