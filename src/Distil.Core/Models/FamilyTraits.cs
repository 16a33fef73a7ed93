namespace Distil.Core.Models;

/// <summary>What distinguishes a family of Transformers, whatever the model's size: one forward pass and one reader serve all families by it.</summary>
/// <param name="ModelType">Its <c>model_type</c> in config.json.</param>
/// <param name="Architecture">Its class in transformers.</param>
public sealed record FamilyTraits(string ModelType, string Architecture)
{
    /// <value>Where a layer's norms are. Default before attention and feed-forward network.</value>
    public NormPlaces Norms { get; init; }

    /// <value>Which queries and keys are normalised together. Default none.</value>
    public HeadNorms HeadNorms { get; init; }

    /// <value>Whether a norm multiplies by 1 + its weight.</value>
    public bool ZeroCentredNorms { get; init; }

    /// <value>Whether a norm multiplies by its weight in float32, before it rounds to the model's type.</value>
    public bool WideNorms { get; init; }

    /// <value>Whether the projections of queries, keys and values are one tensor on disk, and gate and up another.</value>
    public bool FusedWeights { get; init; }

    /// <value>Whether the feed-forward network's activation is GELU by its tanh approximation (arXiv 1606.08415) instead of SiLU.</value>
    public bool Gelu { get; init; }

    /// <value>Which projections of the attention have biases.</value>
    public BiasRule AttentionBias { get; init; }

    /// <value>Whether <c>mlp_bias</c> gives the feed-forward network biases.</value>
    public bool ReadsFeedForwardBias { get; init; }

    /// <value>Which layers have a sliding window.</value>
    public WindowRule Windows { get; init; }

    /// <value>Whether part of a head's width can stay unrotated (<c>partial_rotary_factor</c>).</value>
    public bool PartialRotary { get; init; }

    /// <value>Whether the head shares the embedding's weights if the file does not say so.</value>
    public bool TiedByDefault { get; init; }

    /// <value>Default of <c>rms_norm_eps</c>.</value>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <value>Default of <c>rope_theta</c>.</value>
    public double RopeTheta { get; init; } = 10_000;

    /// <value>Default of <c>rope_local_base_freq</c>, the base of the layers with a window; null if they share that of the others.</value>
    public double? WindowRopeTheta { get; init; }

    /// <value>Name of the norm of queries; null for none.</value>
    public string? QueryNorm => HeadNorms == HeadNorms.None ? null : "q_norm";

    /// <value>Name of the norm of keys; null for none.</value>
    public string? KeyNorm => HeadNorms == HeadNorms.None ? null : "k_norm";

    /// <value>Name of the norm before the attention; null for none.</value>
    public string? InputNorm => Norms == NormPlaces.After ? null : "input_layernorm";

    /// <value>Name of the norm of the attention's output; null for none.</value>
    public string? AttentionOutputNorm => Norms == NormPlaces.Before ? null : "post_attention_layernorm";

    /// <value>Name of the norm before the feed-forward network; null for none.</value>
    public string? FeedForwardNorm => Norms switch
    {
        NormPlaces.Before => "post_attention_layernorm",
        NormPlaces.Both => "pre_feedforward_layernorm",
        _ => null,
    };

    /// <value>Name of the norm of the feed-forward network's output; null for none.</value>
    public string? FeedForwardOutputNorm => Norms == NormPlaces.Before ? null : "post_feedforward_layernorm";
}
