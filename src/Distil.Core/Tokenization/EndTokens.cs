using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>The tokens that end an answer: those of generation_config.json, the eos_token of tokenizer_config.json and the end of text.</summary>
public static class EndTokens
{
    private const string FileName = "generation_config.json", Field = "eos_token_id";

    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">A file is malformed.</exception>
    public static IReadOnlySet<int> Of(string folder, HuggingFaceTokenizer tokenizer)
    {
        var ends = new HashSet<int>();
        if (tokenizer.HasEndOfText)
        {
            ends.Add(tokenizer.EndOfText);
        }

        if (EndOfTextToken.Configured(Path.Combine(folder, "tokenizer_config.json")) is { } content && tokenizer.Encode(content) is [var turn])
        {
            ends.Add(turn);
        }

        var path = Path.Combine(folder, FileName);
        if (File.Exists(path))
        {
            ends.UnionWith(Read(path));
        }

        return ends;
    }

    private static IEnumerable<int> Read(string path)
    {
        try
        {
            InputFile.RequireRegular(path);
            return (JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject)?[Field] switch
            {
                null => [],
                JsonArray several => [.. several.Select(each => each!.GetValue<int>())],
                var one => [one.GetValue<int>()],
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new InvalidInputException($"{path}: {Field} cannot be read; expected a token id or a list of them: {error.Message}", error);
        }
    }
}
