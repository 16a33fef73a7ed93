using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;

namespace Distil.Inference.ChatTemplates;

/// <summary>Finds a model's chat template among the files of its folder.</summary>
internal static class ChatTemplateFiles
{
    private const string OwnFile = "chat_template.jinja", ConfigFile = "tokenizer_config.json", Field = "chat_template", DefaultName = "default";

    // JsonNode notices a duplicate name only when the object is used.
    private static readonly JsonDocumentOptions Unique = new() { AllowDuplicateProperties = false };

    private static readonly string[] SpecialTokens = ["bos_token", "eos_token", "unk_token", "pad_token"];

    /// <returns>The file, the template in it, and the special tokens that templates may name; null if there is no template.</returns>
    internal static (string Path, string Source, JsonObject SpecialTokens)? Find(string folder)
    {
        var (own, config) = (Path.Combine(folder, OwnFile), Path.Combine(folder, ConfigFile));
        try
        {
            var fields = File.Exists(config) ? Read(config) : [];
            var tokens = new JsonObject();
            foreach (var name in SpecialTokens)
            {
                if (TextOf(fields[name]) is { } text)
                {
                    tokens[name] = text;
                }
            }

            return File.Exists(own) ? (own, File.ReadAllText(own), tokens)
                : Template(config, fields[Field]) is { } source ? (config, source, tokens)
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // not JSON, or a text that is not Unicode
        {
            throw new InvalidInputException($"{config}: not valid JSON: {error.Message}", error);
        }
    }

    // A text, or a list of named templates.
    private static string? Template(string path, JsonNode? field) => field switch
    {
        null => null,
        JsonArray named => named.OfType<JsonObject>().Where(each => TextOf(each["name"]) == DefaultName).Select(each => TextOf(each["template"])).FirstOrDefault(),
        _ => TextOf(field) ?? throw new InvalidInputException($"{path}: {Field} is {field.GetValueKind()}; expected text, or a list of named templates"),
    };

    // A special token is its text, or an object that contains it.
    private static string? TextOf(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonObject { } token => TextOf(token["content"]),
        _ => null,
    };

    private static JsonObject Read(string path) =>
        JsonNode.Parse(File.ReadAllBytes(path), documentOptions: Unique) as JsonObject ?? throw new InvalidInputException($"{path}: expected a JSON object");
}
