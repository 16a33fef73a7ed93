namespace Distil.Core.Models;

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
