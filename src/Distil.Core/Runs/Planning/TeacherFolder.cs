using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Runs.Planning;

/// <summary>A local Hugging Face folder, read as far as a plan needs it.</summary>
internal sealed class TeacherFolder
{
    private static readonly string[] Architectures = ["qwen2", "qwen3", "llama"];

    private TeacherFolder(TeacherShape shape, IReadOnlyList<string> weights, string config, string tokenizer) =>
        (Shape, Weights, Config, Tokenizer) = (shape, weights, config, tokenizer);

    public TeacherShape Shape { get; }

    /// <value>The safetensors files, sorted by name.</value>
    public IReadOnlyList<string> Weights { get; }

    /// <value>The path of config.json.</value>
    public string Config { get; }

    /// <value>The path of tokenizer.json.</value>
    public string Tokenizer { get; }

    /// <summary>Opens a folder.</summary>
    /// <exception cref="InvalidInputException">Something is missing or does not fit.</exception>
    public static TeacherFolder Open(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException($"teacher.path: {folder} does not exist; expected a Hugging Face folder");
        }

        var (config, tokenizer) = (FileIn(folder, "config.json"), FileIn(folder, "tokenizer.json"));
        string[] weights = [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        if (weights.Length == 0)
        {
            throw new InvalidInputException($"teacher.path: {folder} has no *.safetensors; expected model.safetensors, or shards with their index");
        }

        var shape = ReadShape(config);
        TokenizerSize.RequireAtMost(tokenizer, shape.VocabularySize);
        return new TeacherFolder(shape, weights, config, tokenizer);
    }

    private static TeacherShape ReadShape(string path)
    {
        using var config = JsonFile.Parse(path);
        var root = config.RootElement;
        var type = root.TryGetProperty("model_type", out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : null;
        if (type is null || !Architectures.Contains(type))
        {
            throw new InvalidInputException($"{path}: model_type is {type ?? "missing"}; expected {string.Join(" or ", Architectures)}");
        }

        return new TeacherShape
        {
            ModelType = type,
            Layers = Number("num_hidden_layers"),
            HiddenSize = Number("hidden_size"),
            Heads = Number("num_attention_heads"),
            VocabularySize = Number("vocab_size"),
            MaxPositions = Number("max_position_embeddings"),
            From = $"exact: {path}",
        };

        int Number(string field) =>
            root.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
                ? number
                : throw new InvalidInputException(
                    $"{path}: {field} is {(value.ValueKind == JsonValueKind.Undefined ? "missing" : value.GetRawText())}; expected a whole number > 0");
    }

    private static string FileIn(string folder, string name) =>
        Path.Combine(folder, name) is var path && File.Exists(path)
            ? path
            : throw new InvalidInputException($"teacher.path: {folder} has no {name}; expected a Hugging Face folder");
}
