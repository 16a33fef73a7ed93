using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Models;

namespace Distil.Core.Runs.Planning;

/// <summary>A Hugging Face config.json, read as far as a plan needs it.</summary>
internal static class TeacherConfig
{
    private static readonly string[] Architectures = ["qwen2", "qwen3", "llama"];

    /// <summary>The shape that it tells.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="name">What messages call it: where it is from.</param>
    /// <exception cref="InvalidInputException">It is of another architecture, or lacks a number.</exception>
    public static TeacherShape Read(string path, string name) => JsonFile.Read(path, config => Read(config, name));

    private static TeacherShape Read(JsonElement root, string name)
    {
        var type = root.TryGetProperty("model_type", out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : null;
        if (type is null || !Architectures.Contains(type))
        {
            throw new InvalidInputException($"{name}: model_type is {type ?? "missing"}; expected {string.Join(" or ", Architectures)}");
        }

        return new TeacherShape
        {
            ModelType = type,
            Layers = Number("num_hidden_layers"),
            HiddenSize = Number("hidden_size"),
            Heads = Number("num_attention_heads"),
            VocabularySize = Number("vocab_size"),
            MaxPositions = Number("max_position_embeddings"),
            From = $"exact: {name}",
        };

        int Number(string field) =>
            root.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
                ? number
                : throw new InvalidInputException(
                    $"{name}: {field} is {(value.ValueKind == JsonValueKind.Undefined ? "missing" : value.GetRawText())}; expected a whole number > 0");
    }
}
