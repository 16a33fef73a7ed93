namespace Distil.Core.Models.Folders;

/// <summary>Tensors that determine no output, by the ends of their names.</summary>
internal static class IgnoredTensors
{
    private static readonly string[] Computed = ["rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached"];

    private static readonly string[] OfActivations =
        [".input_scale", ".input_zero_point", ".output_scale", ".output_zero_point", ".input_global_scale", ".k_scale", ".v_scale", ".q_scale"];

    /// <summary>Whether a tensor is a table that the configuration determines.</summary>
    public static bool AreComputed(string name) => Ends(name, Computed);

    /// <summary>Whether a tensor is a scale of activations, which stay unquantised here.</summary>
    public static bool AreOfActivations(string name) => Ends(name, OfActivations);

    private static bool Ends(string name, string[] ends) => Array.Exists(ends, end => name.EndsWith(end, StringComparison.Ordinal));
}
