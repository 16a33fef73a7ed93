using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
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
    public static bool Describes(string folder) => FileOf(folder).Text("model_type", "") == ModelType;

    /// <summary>Reads a folder's config.</summary>
    /// <exception cref="InvalidInputException">The file is missing, or a field is missing, ill-typed, not supported or unknown.</exception>
    public static LinearisedShape Read(string folder)
    {
        var file = FileOf(folder);
        if (file.Text("model_type") != ModelType)
        {
            throw file.Wrong("model_type", ModelType);
        }

        var inner = file.Object(Transformer) ?? throw file.Wrong(Transformer, "an object: the teacher's config");
        var teacher = TransformerConfigFile.Read(inner);
        var kept = file.Naturals("keep_attention");
        if (kept.Count >= teacher.Layers || kept.Any(layer => layer >= teacher.Layers) || kept.Distinct().Count() != kept.Count)
        {
            throw file.Wrong("keep_attention", $"different layers from 0 to {teacher.Layers - 1}, but not all of them");
        }

        var shape = new LinearisedShape
        {
            Transformer = teacher,
            ContextLength = file.Count("context_length"),
            Window = file.Count("window", least: 0, most: StudentSpec.MaxWindow),
            Sinks = file.Count("sinks", least: 0, most: StudentSpec.MaxWindow),
            FeatureMap = file.Text("feature_map") switch
            {
                Softmax => FeatureMap.Softmax, Both => FeatureMap.Both, _ => throw file.Wrong("feature_map", $"{Softmax} or {Both}"),
            },
            OutputGate = file.Flag("output_gate", false),
            KeepAttention = [.. kept.Order()],
        };
        RequireNothingElse(file, inner, teacher);
        return shape;
    }

    private static ConfigDocument FileOf(string folder) => ConfigDocument.Read(Path.Combine(folder, TransformerConfigFile.Name));

    // This program alone writes such files, so a field that it does not know is none that it may leave out.
    private static void RequireNothingElse(ConfigDocument file, ConfigDocument inner, TransformerConfig teacher)
    {
        foreach (var (field, value) in new[]
                 {
                     ("vocab_size", teacher.VocabularySize), ("hidden_size", teacher.HiddenSize), ("num_hidden_layers", teacher.Layers),
                 })
        {
            if (file.Count(field, value) != value)
            {
                throw file.Wrong(field, $"{Transformer}.{field}, {value}");
            }
        }

        if (file.Flag("tie_word_embeddings", teacher.TiedHead) != teacher.TiedHead)
        {
            throw file.Wrong("tie_word_embeddings", $"{Transformer}.tie_word_embeddings");
        }

        ConfigFields.Check(inner);
        ConfigFields.Check(file);
    }

    /// <summary>Writes <c>config.json</c>, each file completely or not at all, and the Python code that it names; existing files are replaced.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <param name="shape">The student's shape.</param>
    /// <param name="storage">How its weights are written beside it; null for float32.</param>
    public static void Write(string folder, LinearisedShape shape, WeightStorage? storage = null)
    {
        var dtype = (storage ?? new()).ConfigName;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(PythonFiles.Architecture(ModelType)),
            ["auto_map"] = PythonFiles.AutoMap(ModelType),
            ["model_type"] = ModelType,
            ["context_length"] = shape.ContextLength,
            ["window"] = shape.Window,
            ["sinks"] = shape.Sinks,
            ["feature_map"] = shape.FeatureMap == FeatureMap.Both ? Both : Softmax,
            ["output_gate"] = shape.OutputGate,
            ["keep_attention"] = new JsonArray([.. shape.KeepAttention.Select(layer => JsonValue.Create(layer))]),
            ["vocab_size"] = shape.Transformer.VocabularySize,
            ["hidden_size"] = shape.Transformer.HiddenSize,
            ["num_hidden_layers"] = shape.Transformer.Layers,
            ["tie_word_embeddings"] = shape.Transformer.TiedHead,
            ["dtype"] = dtype,
            [Transformer] = TransformerConfigDocument.Of(shape.Transformer, dtype),
        };
        PythonFiles.Write(folder, ModelType);
        AtomicFile.WriteText(Path.Combine(folder, TransformerConfigFile.Name), json.ToJsonString(Indented) + "\n");
    }
}
