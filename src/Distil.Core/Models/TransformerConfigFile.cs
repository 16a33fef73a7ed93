using System.Text.Json;
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
        var (hidden, heads, layers) = (document.Count("hidden_size"), document.Count("num_attention_heads"), document.Count("num_hidden_layers", most: ConfigDocument.MaxLayers));
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
        AtomicFile.WriteText(Path.Combine(folder, Name), TransformerConfigDocument.Of(config, dtype).ToJsonString(Indented) + "\n");

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
}
