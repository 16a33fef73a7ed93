using System.Text.Json;
using Distil.Core.Tokenization;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Reads the prompt of a completion: a text or its tokens, alone or as a list of one.</summary>
internal static class Prompts
{
    private const string Name = "prompt", Expected = "a text or a list of token ids; this server answers one prompt a request";

    /// <summary>The prompt's tokens, a text's with the token with which the model's texts begin; the end of text if there are none, which begins a new text.</summary>
    /// <exception cref="OpenAiException">It is missing, of another type, or several.</exception>
    internal static IReadOnlyList<int> Read(RequestFields fields, HuggingFaceTokenizer tokenizer)
    {
        var prompt = fields.Optional(Name) ?? throw new OpenAiException(400, $"{Name} is missing; expected {Expected}", Name);
        if (prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() == 1 && prompt[0].ValueKind is JsonValueKind.String or JsonValueKind.Array)
        {
            prompt = prompt[0];
        }

        IReadOnlyList<int> tokens = prompt.ValueKind switch
        {
            JsonValueKind.String => tokenizer.EncodePrompt(prompt.GetString()!),
            JsonValueKind.Array when prompt.EnumerateArray().All(each => each.ValueKind == JsonValueKind.Number && each.TryGetInt32(out _)) =>
                [.. prompt.EnumerateArray().Select(each => each.GetInt32())],
            _ => throw RequestFields.Wrong(Name, prompt, Expected),
        };
        return tokens.Count > 0 ? tokens
            : tokenizer.HasEndOfText ? [tokenizer.EndOfText]
            : throw new OpenAiException(400, $"{Name} is empty, and this model has no token that begins a text", Name);
    }
}
