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

/// <summary>Where a layer's norms are.</summary>
public enum NormPlaces
{
    /// <summary>Before attention and feed-forward network.</summary>
    Before,

    /// <summary>Behind both, before their outputs are added to the stream.</summary>
    After,

    /// <summary>Before and behind.</summary>
    Both,
}

/// <summary>Which queries, and which keys, are normalised together.</summary>
public enum HeadNorms
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those of each head.</summary>
    Head,

    /// <summary>Those of all heads, over their whole width.</summary>
    Width,
}

/// <summary>Which projections of the attention have biases.</summary>
public enum BiasRule
{
    /// <summary>All four, if <c>attention_bias</c> is true.</summary>
    Optional,

    /// <summary>Queries, keys and values, always.</summary>
    QueryKeyValue,

    /// <summary>None.</summary>
    Never,
}

/// <summary>Which layers have a sliding window.</summary>
public enum WindowRule
{
    /// <summary>None.</summary>
    Never,

    /// <summary>All, if <c>sliding_window</c> is a number.</summary>
    All,

    /// <summary>All, if <c>use_sliding_window</c> is true.</summary>
    AllIfUsed,

    /// <summary>Those from <c>max_window_layers</c> on if <c>use_sliding_window</c> is true, or those that <c>layer_types</c> names.</summary>
    FromLayer,

    /// <summary>Those that <c>layer_types</c> names, by default all.</summary>
    ByType,

    /// <summary>Those that <c>layer_types</c> names, by default every second, the first included.</summary>
    EverySecond,

    /// <summary>Those that <c>layer_types</c> names, by default all but every sixth (or <c>sliding_window_pattern</c>).</summary>
    ButEverySixth,

    /// <summary>Those that <c>layer_types</c> names, by default those without rotation; only if <c>use_sliding_window</c> is true.</summary>
    Unrotated,
}
