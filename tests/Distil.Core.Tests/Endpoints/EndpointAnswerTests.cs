using System.Text.Json.Nodes;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Endpoints;

/// <summary>Answers of a teacher's server that are not what was asked for: each is an error that says what differs.</summary>
public sealed class EndpointAnswerTests : ServedTeacher
{
    [Fact]
    public async Task Fewer_log_probabilities_than_were_asked_for_are_an_error()
    {
        Server.MaxLogprobs = 4;
        Assert.Contains("greater than max allowed: 4; expected a server that allows teacher.keep.maxTokens log-probabilities (vLLM: --max-logprobs)", (await WrongAsync()).Message);
        Server.MaxLogprobs = 5;
        Server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![3] = JsonNode.Parse("""{ "3": { "logprob": -1 } }""");
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
        Server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![1] = JsonNode.Parse(
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
        Server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]![1] = JsonNode.Parse(position);
        Assert.Contains(message, (await WrongAsync()).Message);
    }

    [Fact]
    public async Task A_row_that_was_cut_or_changed_is_an_error()
    {
        Server.Change = answer => answer["choices"]![0]!["prompt_logprobs"]!.AsArray().RemoveAt(5);
        Assert.Contains("answers for 6 tokens with 5 distributions; 6 tokens were sent", (await WrongAsync()).Message);
        Server.Change = answer => answer["choices"]![0]!["prompt_token_ids"]![4] = 249;
        Assert.Contains("answers for token 249 at position 4; token 250 was sent", (await WrongAsync()).Message);
        Server.Change = answer => answer["meta_info"]!["input_token_logprobs"]![0]![1] = 1;
        Assert.Contains("answers for token 1 at position 0; token 7 was sent", (await WrongAsync(EndpointApi.Sglang)).Message);
    }
}
