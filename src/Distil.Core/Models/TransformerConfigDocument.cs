using System.Text.Json.Nodes;

namespace Distil.Core.Models;

/// <summary>A Transformer's <c>config.json</c> as Hugging Face's transformers reads it.</summary>
internal static class TransformerConfigDocument
{
    /// <summary>The document of a config.</summary>
    /// <param name="config">The config.</param>
    /// <param name="dtype">Element type of the weights beside it: <c>float32</c> or <c>bfloat16</c>.</param>
    /// <exception cref="NotSupportedException">The family is read and not written.</exception>
    internal static JsonObject Of(TransformerConfig config, string dtype)
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
