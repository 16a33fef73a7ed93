using System.Text.Json;
using Distil.Core.Errors;
using Distil.Inference.Answers;
using Distil.Inference.Sampling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>What both kinds of completions have in common.</summary>
internal sealed record GenerationRequest
{
    private const int MaxStops = 4;
    private const int DefaultCompletionTokens = 16;

    // Accepted for the sake of clients that always send them: they change nothing here.
    private static readonly string[] WithoutEffect = ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"];

    private static readonly string[] Common =
    [
        "model", "max_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "seed", "stop", "n",
        "stream", "stream_options", "logprobs",
    ];

    private static readonly HashSet<string> ChatFields =
        [.. Common, .. WithoutEffect, "messages", "max_completion_tokens", "top_logprobs", "response_format", "chat_template_kwargs"];

    private static readonly HashSet<string> CompletionFields = [.. Common, .. WithoutEffect, "prompt"];

    /// <value>How to answer; the prompt is added later.</value>
    public required AnswerRequest Answer { get; init; }

    /// <value>Whether the answer is streamed.</value>
    public required bool Stream { get; init; }

    /// <value>Whether a stream ends with the counts of tokens.</value>
    public required bool IncludeUsage { get; init; }

    /// <summary>Reads the fields.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="chat">Whether the request is a chat's.</param>
    /// <param name="maxTokens">The server's limit of new tokens.</param>
    /// <exception cref="OpenAiException">A field is not supported or out of its range.</exception>
    internal static GenerationRequest Read(RequestFields fields, bool chat, int maxTokens)
    {
        fields.RequireKnown(chat ? ChatFields : CompletionFields);
        fields.Whole("n", 1, 1);
        if (fields.Optional("response_format") is { } format && (format.ValueKind != JsonValueKind.Object
            || !format.TryGetProperty("type", out var type) || type.GetRawText() != "\"text\""))
        {
            throw RequestFields.Wrong("response_format", format, "{\"type\": \"text\"}");
        }

        var options = fields.Optional("stream_options") is { } nested
            ? nested.ValueKind == JsonValueKind.Object ? new RequestFields(nested)
                : throw RequestFields.Wrong("stream_options", nested, "an object")
            : null;
        return new()
        {
            Answer = new()
            {
                Prompt = [],
                Sampling = Sample(fields),
                MaxTokens = (int)(fields.Whole("max_completion_tokens", 1, maxTokens) ?? fields.Whole("max_tokens", 1, maxTokens)
                    ?? (chat ? maxTokens : Math.Min(DefaultCompletionTokens, maxTokens))),
                Stops = fields.Texts("stop", MaxStops),
                TopLogProbabilities = chat
                    ? fields.Flag("logprobs") ? (int)(fields.Whole("top_logprobs", 0, 20) ?? 0) : null
                    : (int?)fields.Whole("logprobs", 0, 5),
            },
            Stream = fields.Flag("stream"),
            IncludeUsage = options?.Flag("include_usage") ?? false,
        };
    }

    // OpenAI's defaults: temperature 1, no limit of the vocabulary.
    private static SamplingOptions Sample(RequestFields fields)
    {
        var sampling = new SamplingOptions
        {
            Temperature = fields.Number("temperature", 1, 0, 2),
            TopP = fields.Number("top_p", 1, 0, 1),
            TopK = fields.Whole("top_k", -1, int.MaxValue) is { } topK and > 0 ? (int)topK : null,
            MinP = fields.Number("min_p", 0, 0, 1),
            RepetitionPenalty = fields.Number("repetition_penalty", 1, 1e-3, 1e3),
            PresencePenalty = fields.Number("presence_penalty", 0, -2, 2),
            FrequencyPenalty = fields.Number("frequency_penalty", 0, -2, 2),
            Seed = (ulong)(fields.Whole("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64()),
        };
        try
        {
            _ = new Sampler(sampling);
            return sampling;
        }
        catch (InvalidInputException wrong)
        {
            throw new OpenAiException(400, wrong.Message);
        }
    }
}
