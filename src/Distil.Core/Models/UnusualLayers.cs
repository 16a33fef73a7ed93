namespace Distil.Core.Models;

/// <summary>What a model's layers compute that Llama's and Qwen's do not: other forms of the layers (kernels, students) need not support it.</summary>
public static class UnusualLayers
{
    /// <summary>Describes it, each part with its field or family.</summary>
    public static IEnumerable<string> Of(TransformerConfig config)
    {
        var (form, traits) = (config.Form, config.Traits);
        return new (bool Is, string Part)[]
        {
            (form.Windows?.Any(window => window > 0 && window < config.MaxPositions) == true, "attention over a window (sliding_window)"),
            (form.UnrotatedLayers is not null, "layers without a rotary embedding (no_rope_layers)"),
            (form.RotatedWidth is not null, "heads that are rotated in part (partial_rotary_factor)"),
            (form.WindowRotary is not null && form.Windows is not null, "two rotary embeddings (rope_local_base_freq)"),
            (form.QueryGrowth is not null, "queries that grow with their position (llama_4_scaling_beta)"),
            (config.RelativeScoreScale != 1, "a scale of the scores (query_pre_attn_scalar, attention_multiplier)"),
            (form.ScoreCap is not null, "capped scores (attn_logit_softcapping)"),
            (form.EmbeddingFactor != 1, "a factor of the embedding (embedding_multiplier, or √hidden_size)"),
            (form.ResidualFactor != 1, "a factor of what a layer adds (residual_multiplier)"),
            (form.Experts is not null, "experts (num_experts)"),
            (traits.Norms != NormPlaces.Before, "norms behind attention and feed-forward network"),
            (traits.ZeroCentredNorms, "norms of weight 1 + w"),
            (traits.HeadNorms == HeadNorms.Width, "norms of queries and keys over all heads"),
            (traits.Gelu, "the activation gelu_pytorch_tanh"),
        }.Where(each => each.Is).Select(each => each.Part);
    }
}
