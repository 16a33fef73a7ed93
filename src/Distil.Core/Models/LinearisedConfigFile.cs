using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Models;

/// <summary>A linearised student's <c>config.json</c>: the teacher's in <c>transformer</c>, and what replaces attention beside it.</summary>
public static class LinearisedConfigFile
{
    /// <summary>The file's <c>model_type</c>.</summary>
    public const string ModelType = "linearised_xlstm";

    private const string Transformer = "transformer", Softmax = "softmax", Both = "both";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Whether a folder's config is that of a linearised student.</summary>
    /// <exception cref="InvalidInputException">The file is missing, no JSON object, or its <c>model_type</c> is no text.</exception>
    public static bool Describes(string folder) => ReadFile(folder, file => file.Text("model_type", "") == ModelType);

    /// <summary>Reads a folder's config.</summary>
    /// <exception cref="InvalidInputException">The file is missing, or a field is missing, ill-typed or not supported.</exception>
    public static LinearisedShape Read(string folder) => ReadFile(folder, Read);

    private static T ReadFile<T>(string folder, Func<ConfigDocument, T> read)
    {
        var path = Path.Combine(folder, TransformerConfigFile.Name);
        try
        {
            return read(ConfigDocument.Read(path));
        }
        catch (InvalidOperationException error) // it contains a string that is not Unicode
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static LinearisedShape Read(ConfigDocument file)
    {
        if (file.Text("model_type") != ModelType)
        {
            throw file.Wrong("model_type", ModelType);
        }

        var teacher = TransformerConfigFile.Read(file.Object(Transformer) ?? throw file.Wrong(Transformer, "an object: the teacher's config"));
        var kept = file.Naturals("keep_attention");
        return kept.Count < teacher.Layers && kept.All(layer => layer < teacher.Layers) && kept.Distinct().Count() == kept.Count
            ? new LinearisedShape
            {
                Transformer = teacher,
                ContextLength = file.Count("context_length"),
                Window = file.Natural("window"),
                Sinks = file.Natural("sinks"),
                FeatureMap = file.Text("feature_map") switch
                {
                    Softmax => FeatureMap.Softmax, Both => FeatureMap.Both, _ => throw file.Wrong("feature_map", $"{Softmax} or {Both}"),
                },
                OutputGate = file.Flag("output_gate", false),
                KeepAttention = [.. kept.Order()],
            }
            : throw file.Wrong("keep_attention", $"different layers from 0 to {teacher.Layers - 1}, but not all of them");
    }

    /// <summary>Writes <c>config.json</c>, completely or not at all; an existing file is replaced.</summary>
    public static void Write(string folder, LinearisedShape shape)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("LinearisedForCausalLM"),
            ["model_type"] = ModelType,
            ["context_length"] = shape.ContextLength,
            ["window"] = shape.Window,
            ["sinks"] = shape.Sinks,
            ["feature_map"] = shape.FeatureMap == FeatureMap.Both ? Both : Softmax,
            ["output_gate"] = shape.OutputGate,
            ["keep_attention"] = new JsonArray([.. shape.KeepAttention.Select(layer => JsonValue.Create(layer))]),
            ["vocab_size"] = shape.Transformer.VocabularySize,
            [Transformer] = TransformerConfigFile.Json(shape.Transformer, "float32"),
        };
        AtomicFile.WriteText(Path.Combine(folder, TransformerConfigFile.Name), json.ToJsonString(Indented) + "\n");
    }
}
