using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models.Folders;

namespace Distil.Core.Models;

/// <summary>Reads and writes a Transformer's <c>config.json</c> with Hugging Face's field names, old and new.</summary>
public static class TransformerConfigFile
{
    /// <summary>The file's name in a model folder.</summary>
    public const string Name = "config.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads the shape from a folder's config.</summary>
    /// <exception cref="InvalidInputException">The file is missing, names another architecture, or has a field that is missing, ill-typed, not
    /// supported or not known.</exception>
    public static TransformerConfig Read(string folder) => ReadWhole(folder).Config;

    /// <summary>Reads a folder's config.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="Read(string)"/>.</exception>
    public static ConfigReading ReadWhole(string folder)
    {
        var path = Path.Combine(folder, Name);
        return ReadFile(path, path);
    }

    /// <summary>Reads a config wherever it is stored.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="name">Its name in messages, for instance the URL that it was fetched from.</param>
    /// <exception cref="InvalidInputException">As for <see cref="Read(string)"/>.</exception>
    public static ConfigReading ReadFile(string path, string name)
    {
        var document = ConfigDocument.Read(path, name);
        var (config, quantization) = (Read(document), Quantization.Read(document));
        ConfigFields.RequireOwnClass(document, config.Traits);
        ConfigFields.Check(document);
        return new(config, quantization);
    }

    /// <summary>Reads a config that is part of another document.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="Read(string)"/>.</exception>
    internal static TransformerConfig Read(ConfigDocument document)
    {
        var family = FamilyTable.Find(document.Text("model_type")) ?? throw document.Wrong("model_type", $"one of {FamilyTable.ModelTypes}");
        var traits = family.Traits();
        var (hidden, heads, layers) = (document.Count("hidden_size"), document.Count("num_attention_heads"), document.Count("num_hidden_layers"));
        PlainFields.Require(document, traits);
        var form = FormFields.Read(document, family, layers, hidden);
        var headSize = HeadSize(document, hidden, heads);
        var rotary = RotaryFields.Read(document, family, headSize);
        var attentionBias = document.Flag("attention_bias", false) && traits.AttentionBias == BiasRule.Optional;
        return new TransformerConfig
        {
            Family = family,
            VocabularySize = document.Count("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = document.Count("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = KeyValueHeads(document, heads),
            HeadSize = headSize,
            MaxPositions = document.Count("max_position_embeddings"),
            NormEpsilon = document.Number("rms_norm_eps", traits.NormEpsilon),
            RopeTheta = rotary.Theta,
            RopeScaling = rotary.Scaling,
            Form = form with
            {
                RotatedWidth = rotary.Width == headSize ? null : rotary.Width, WindowRotary = rotary.Window, QueryGrowth = rotary.Growth,
            },
            TiedHead = document.Flag("tie_word_embeddings", traits.TiedByDefault),
            QueryKeyValueBias = traits.AttentionBias == BiasRule.QueryKeyValue || attentionBias,
            OutputBias = attentionBias,
            FeedForwardBias = traits.ReadsFeedForwardBias && document.Flag("mlp_bias", false),
        };
    }

    /// <summary>Writes a folder's config, which transformers can read.</summary>
    /// <param name="folder">The model's folder, which exists.</param>
    /// <param name="config">The config to write.</param>
    /// <param name="dtype">Element type of the weights beside it: <c>float32</c> or <c>bfloat16</c>.</param>
    public static void Write(string folder, TransformerConfig config, string dtype) =>
        AtomicFile.WriteText(Path.Combine(folder, Name), Json(config, dtype).ToJsonString(Indented) + "\n");

    /// <summary>The content of the file that <see cref="Write"/> writes.</summary>
    internal static JsonObject Json(TransformerConfig config, string dtype)
    {
        if (config.Family is not (TransformerFamily.Qwen2 or TransformerFamily.Qwen3 or TransformerFamily.Llama)
            || config.Form != new TransformerForm() || config.RopeScaling is not (null or Llama3Scaling))
        {
            throw new NotSupportedException($"Models of the family {config.Family} are read and not written.");
        }

        return new JsonObject
        {
            ["architectures"] = new JsonArray(config.Traits.Architecture),
            ["attention_bias"] = config.QueryKeyValueBias,
            ["dtype"] = dtype,
            ["head_dim"] = config.HeadSize,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["max_position_embeddings"] = config.MaxPositions,
            ["mlp_bias"] = config.FeedForwardBias,
            ["model_type"] = config.Traits.ModelType,
            ["num_attention_heads"] = config.Heads,
            ["num_hidden_layers"] = config.Layers,
            ["num_key_value_heads"] = config.KeyValueHeads,
            ["rms_norm_eps"] = config.NormEpsilon,
            // Both field names of the rotary embedding, so that old and new versions of transformers can read it.
            ["rope_parameters"] = Rope(config),
            ["rope_scaling"] = config.RopeScaling is null ? null : Rope(config),
            ["rope_theta"] = config.RopeTheta,
            ["tie_word_embeddings"] = config.TiedHead,
            ["torch_dtype"] = dtype,
            ["use_cache"] = true,
            ["vocab_size"] = config.VocabularySize,
        };
    }

    private static int KeyValueHeads(ConfigDocument document, int heads)
    {
        var count = document.Count("num_key_value_heads", heads);
        return heads % count == 0 ? count : throw document.Wrong("num_key_value_heads", $"a divisor of num_attention_heads {heads}");
    }

    private static int HeadSize(ConfigDocument document, int hidden, int heads)
    {
        if (!document.Has("head_dim") && hidden % heads != 0)
        {
            throw document.Wrong("num_attention_heads", $"a divisor of hidden_size {hidden}, or head_dim beside it");
        }

        var size = document.Count("head_dim", hidden / heads);
        return size % 2 == 0 ? size : throw document.Wrong(document.Has("head_dim") ? "head_dim" : "num_attention_heads", "heads of even width");
    }

    private static JsonObject Rope(TransformerConfig config)
    {
        var rope = new JsonObject { ["rope_theta"] = config.RopeTheta, ["rope_type"] = config.RopeScaling is null ? "default" : "llama3" };
        if (config.RopeScaling is Llama3Scaling scaling)
        {
            rope["factor"] = scaling.Factor;
            rope["low_freq_factor"] = scaling.LowFrequencyFactor;
            rope["high_freq_factor"] = scaling.HighFrequencyFactor;
            rope["original_max_position_embeddings"] = scaling.OriginalMaxPositions;
        }

        return rope;
    }
}
