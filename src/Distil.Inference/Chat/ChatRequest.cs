using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.ChatTemplates;
using Distil.Inference.Sampling;
using Microsoft.Extensions.AI;

namespace Distil.Inference.Chat;

/// <summary>Turns messages and options of Microsoft.Extensions.AI into a request to a student; what a student cannot do is refused, not left out.</summary>
/// <param name="model">The model's name.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="template">Its chat template.</param>
internal sealed class ChatRequest(string model, HuggingFaceTokenizer tokenizer, ChatTemplate template)
{
    private const int UsualMaxTokens = 1024;

    /// <summary>Reads messages and options.</summary>
    /// <exception cref="InvalidInputException">The template refuses the messages, or the model cannot do what is asked for.</exception>
    internal AnswerRequest Read(IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        Require(options.ModelId is null || options.ModelId == model, "ModelId", options.ModelId, model);
        Require(options.Tools is not { Count: > 0 }, "Tools", options.Tools?.Count, "none: a student calls no tools");
        Require(options.ResponseFormat is null or ChatResponseFormatText, "ResponseFormat", options.ResponseFormat?.GetType().Name, "text");
        var usual = new SamplingOptions();
        return new()
        {
            Prompt = tokenizer.Encode(template.Render(Conversation(messages, options.Instructions), addGenerationPrompt: true)),
            MaxTokens = options.MaxOutputTokens ?? UsualMaxTokens,
            Stops = [.. options.StopSequences ?? []],
            Sampling = usual with
            {
                Temperature = options.Temperature ?? usual.Temperature,
                TopP = options.TopP ?? usual.TopP,
                TopK = options.TopK,
                MinP = Further(options, "min_p") ?? usual.MinP,
                RepetitionPenalty = Further(options, "repetition_penalty") ?? usual.RepetitionPenalty,
                PresencePenalty = options.PresencePenalty ?? usual.PresencePenalty,
                FrequencyPenalty = options.FrequencyPenalty ?? usual.FrequencyPenalty,
                Seed = (ulong)(options.Seed ?? Random.Shared.NextInt64()),
            },
        };
    }

    private static JsonArray Conversation(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var conversation = new JsonArray();
        if (instructions is not null)
        {
            conversation.Add(Message(ChatRole.System, instructions));
        }

        foreach (var message in messages)
        {
            var foreign = message.Contents.FirstOrDefault(content => content is not (TextContent or UsageContent));
            Require(foreign is null, $"messages[{conversation.Count}]", foreign?.GetType().Name, "text: a student reads nothing else");
            conversation.Add(Message(message.Role, message.Text));
        }

        return conversation;
    }

    private static JsonNode Message(ChatRole role, string text) => new JsonObject { ["role"] = role.Value, ["content"] = text };

    // Options that Microsoft.Extensions.AI has no property for go by the names that servers of open models use.
    private static double? Further(ChatOptions options, string name) =>
        options.AdditionalProperties?.TryGetValue(name, out double value) == true ? value : null;

    private static void Require(bool holds, string field, object? value, string expected)
    {
        if (!holds)
        {
            throw new InvalidInputException($"{field} is {value}; expected {expected}");
        }
    }
}
