using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Reads the rotary embedding of a config.json: <c>rope_parameters</c> (transformers 5), <c>rope_scaling</c> and <c>rope_theta</c> (4).</summary>
internal static class RotaryFields
{
    private const string Theta = "rope_theta", FullAttention = "full_attention";

    /// <summary>Reads base and scaling. <c>rope_scaling</c> has precedence over <c>rope_parameters</c>, as in transformers.</summary>
    /// <exception cref="InvalidInputException">The kind of scaling is not supported, or two fields contradict each other.</exception>
    public static (double Theta, Llama3Scaling? Scaling) Read(ConfigDocument document)
    {
        var (old, current) = (Section(document, "rope_scaling"), Section(document, "rope_parameters"));
        var (first, second) = (old is null ? null : ScalingOf(old), current is null ? null : ScalingOf(current));
        if (old is not null && second is not null && first != second)
        {
            throw document.Wrong("rope_scaling", "the same as rope_parameters, or one of the two");
        }

        return (ThetaOf(document, old, current), old is null ? second : first);
    }

    /// <summary>The field's object, or, if it has one for each type of layers, that of full attention. Null if there is none, or an empty one.</summary>
    private static ConfigDocument? Section(ConfigDocument document, string field)
    {
        var section = document.Object(field);
        if (section is null || !section.Fields.Any())
        {
            return null;
        }

        if (!section.Fields.Any(section.IsObject))
        {
            return section;
        }

        return section.Object(FullAttention) ?? throw section.Wrong(FullAttention, "an object, because the rotary embedding is given by type of layers");
    }

    private static double ThetaOf(ConfigDocument document, params ReadOnlySpan<ConfigDocument?> sections)
    {
        double? theta = document.Has(Theta) ? document.Number(Theta) : null;
        foreach (var section in sections)
        {
            if (section?.Has(Theta) == true && section.Number(Theta) is var own && (theta ??= own) != own)
            {
                throw section.Wrong(Theta, $"{theta}, as in another field of this file");
            }
        }

        return theta ?? 10_000;
    }

    private static Llama3Scaling? ScalingOf(ConfigDocument rope)
    {
        var field = rope.Has("rope_type") ? "rope_type" : "type";
        var kind = rope.Text(field, "default");
        if (rope.Text("type", kind) != kind)
        {
            throw rope.Wrong("type", $"{kind}, as rope_type");
        }

        rope.RequireNeutral("partial_rotary_factor", "1");
        return kind switch
        {
            "default" => null,
            "llama3" => Llama3(rope),
            _ => throw rope.Wrong(field, "default or llama3"),
        };
    }

    private static Llama3Scaling Llama3(ConfigDocument rope)
    {
        var scaling = new Llama3Scaling(
            rope.Number("factor"), rope.Number("low_freq_factor"), rope.Number("high_freq_factor"), rope.Count("original_max_position_embeddings"));
        return scaling.HighFrequencyFactor > scaling.LowFrequencyFactor
            ? scaling
            : throw rope.Wrong("high_freq_factor", $"more than low_freq_factor {scaling.LowFrequencyFactor}");
    }
}
