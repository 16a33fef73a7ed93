using System.Text;
using CsCheck;
using Distil.Cli.Serving.OpenAi;
using Distil.Fuzzing;
using Distil.Inference.ChatTemplates;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>Bodies that clients of the model's server send.</summary>
public sealed class RequestFuzzTests
{
    private const string Chat = """
        {
          "model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Ho"}], "max_tokens": 5,
          "temperature": 0.5, "top_p": 0.9, "top_k": 4, "min_p": 0.1, "repetition_penalty": 1.1, "presence_penalty": 0.1, "frequency_penalty": 0.1, "seed": 7,
          "stop": ["a", "b"], "n": 1, "stream": true, "stream_options": {"include_usage": true}, "logprobs": true, "top_logprobs": 3,
          "response_format": {"type": "text"}, "chat_template_kwargs": {"x": 1}, "user": "u"
        }
        """;

    private const string Completion = """{"model": "m", "prompt": [1, 2], "max_tokens": 5, "logprobs": 2, "stop": "a", "seed": -1}""";

    [Theory]
    [InlineData(Chat, true)]
    [InlineData(Completion, false)]
    public Task A_body_is_read_or_refused_by_its_field(string valid, bool chat) => Hostile.EndsInAsync<OpenAiException>(
        Gen.OneOf(Mutations.OfJson(valid).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(valid)), Mutations.Arbitrary), bytes =>
        {
            var fields = RequestFields.Parse(Encoding.UTF8.GetString(bytes));
            var answer = GenerationRequest.Read(fields, chat, maxTokens: 100).Answer;
            Assert.InRange(answer.MaxTokens, 1, 100);
            Assert.All(answer.Stops, Assert.NotEmpty);
        });

    [Fact]
    public Task Messages_are_rendered_or_refused()
    {
        var folder = Directory.CreateTempSubdirectory("distil-tests-");
        File.WriteAllText(Path.Combine(folder.FullName, "chat_template.jinja"), "{% for m in messages %}{{ m.role ~ m.content }}{{ m | tojson }}{% endfor %}");
        var template = ChatTemplate.Find(folder.FullName)!;
        folder.Delete(recursive: true);
        return Hostile.EndsInAsync<OpenAiException>(
            Gen.OneOf(Mutations.OfJson(Chat).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(Chat))),
            bytes => Assert.NotNull(ChatMessages.Render(RequestFields.Parse(Encoding.UTF8.GetString(bytes)), template)), iterations: 150);
    }
}
