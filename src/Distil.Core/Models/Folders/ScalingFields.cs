using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Reads how a rotary embedding is scaled: <c>rope_type</c>, or <c>type</c>, and the fields of this type.</summary>
internal static class ScalingFields
{
    private const string Factor = "factor", Original = "original_max_position_embeddings", Attention = "attention_factor";

    /// <summary>Reads it; null for none.</summary>
    /// <param name="rope">The object with the type.</param>
    /// <param name="document">The file.</param>
    /// <param name="family">The family.</param>
    /// <param name="width">Units of a head that are rotated.</param>
    /// <exception cref="InvalidInputException">The type is not supported, or a field of it is missing or ill-typed.</exception>
    public static RotaryScaling? Read(ConfigDocument rope, ConfigDocument document, TransformerFamily family, int width)
    {
        var field = rope.Has("rope_type") ? "rope_type" : "type";
        var kind = rope.Text(field, "default");
        if (rope.Text("type", kind) != kind)
        {
            throw rope.Wrong("type", $"{kind}, as rope_type");
        }

        var maxPositions = document.Count("max_position_embeddings");
        if (family == TransformerFamily.Phi3)
        {
            kind = kind is "su" or "yarn" ? "longrope" : kind; // as in transformers: older names
        }

        switch (kind)
        {
            case "default":
                rope.Ignore(family == TransformerFamily.Phi3 ? [Original] : []);
                return null;
            case "linear":
                return new LinearScaling(rope.Number(Factor));
            case "dynamic":
                rope.Ignore([Original]); // as in transformers 5
                return new DynamicScaling(rope.Number(Factor), maxPositions);
            case "llama3":
                return Llama3(rope);
            case "yarn":
                return Yarn(rope, rope.Count(Original, maxPositions), maxPositions);
            case "longrope":
                return LongRope(rope, rope.Count(Original, document.Count(Original, maxPositions)), maxPositions, width / 2);
            default:
                throw rope.Wrong(field, "default, linear, dynamic, llama3, yarn or longrope");
        }
    }

    private static Llama3Scaling Llama3(ConfigDocument rope)
    {
        var scaling = new Llama3Scaling(
            rope.Number(Factor), rope.Number("low_freq_factor"), rope.Number("high_freq_factor"), rope.Count(Original));
        return scaling.HighFrequencyFactor > scaling.LowFrequencyFactor
            ? scaling
            : throw rope.Wrong("high_freq_factor", $"more than low_freq_factor {scaling.LowFrequencyFactor}");
    }

    private static YarnScaling Yarn(ConfigDocument rope, int original, int maxPositions)
    {
        var factor = rope.NumberOrNone(Factor) ?? (double)maxPositions / original;
        var (scale, ofAll) = (rope.NumberOrNone("mscale"), rope.NumberOrNone("mscale_all_dim"));
        var usual = scale is null || ofAll is null
            ? YarnScaling.AttentionOf(factor)
            : YarnScaling.AttentionOf(factor, scale.Value) / YarnScaling.AttentionOf(factor, ofAll.Value);
        rope.Ignore(["max_position_embeddings", "attn_factor", "finetuned"]); // transformers reads attention_factor
        return new(
            factor, original, rope.Number(Attention, usual), rope.Number("beta_fast", 32), rope.Number("beta_slow", 1), rope.Flag("truncate", true));
    }

    private static LongRopeScaling LongRope(ConfigDocument rope, int original, int maxPositions, int count)
    {
        var factor = rope.NumberOrNone(Factor) ?? (double)maxPositions / original;
        return new(
            Factors("short_factor"), Factors("long_factor"), original, rope.Number(Attention, LongRopeScaling.AttentionOf(factor, original)));

        ValueList<double> Factors(string field) =>
            rope.Numbers(field) is { } list && list.Count == count ? new(list) : throw rope.Wrong(field, $"{count} numbers > 0, one for each wavelength");
    }
}
