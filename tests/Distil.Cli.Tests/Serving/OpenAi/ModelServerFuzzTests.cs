using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Distil.Fuzzing;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>Damaged requests: each is answered, or refused with OpenAI's form of an error, and the server goes on.</summary>
public sealed class ModelServerFuzzTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static readonly HttpStatusCode[] Refusals = [HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests];

    [Fact]
    public Task Chats() => AnswersAsync("v1/chat/completions", """
        {"model": "NAME", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Once"}]}],
         "max_completion_tokens": 2, "temperature": 0.5, "top_p": 0.9, "top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "presence_penalty": 0.1,
         "frequency_penalty": 0.1, "seed": 1, "stop": ["x", "yz"], "n": 1, "stream": true, "stream_options": {"include_usage": true}, "logprobs": true,
         "top_logprobs": 2, "response_format": {"type": "text"}, "chat_template_kwargs": {"thinking": false}, "user": "me"}
        """);

    [Fact]
    public Task Completions() => AnswersAsync("v1/completions", """
        {"model": "NAME", "prompt": [1, 2, 3], "max_tokens": 2, "temperature": 0, "seed": 1, "stop": "x", "stream": false, "logprobs": 1}
        """);

    private async Task AnswersAsync(string path, string valid)
    {
        using var client = new HttpClient { BaseAddress = served.Url, Timeout = TimeSpan.FromMinutes(1) };
        await Hostile.EndsInAsync<UnusedException>(Mutations.OfJson(valid.Replace("NAME", served.Model.Name, StringComparison.Ordinal)), body =>
        {
            var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            using var answer = client.Send(request, TestContext.Current.CancellationToken);
            using var said = new StreamReader(answer.Content.ReadAsStream(TestContext.Current.CancellationToken));
            var text = said.ReadToEnd();
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                Assert.DoesNotContain("\"error\"", text, StringComparison.Ordinal);
                return;
            }

            Assert.Contains(answer.StatusCode, Refusals);
            Assert.False(string.IsNullOrWhiteSpace((string?)JsonNode.Parse(text)!["error"]!["message"]));
        });
    }

    /// <summary>No exception is expected.</summary>
    private sealed class UnusedException : Exception;
}
