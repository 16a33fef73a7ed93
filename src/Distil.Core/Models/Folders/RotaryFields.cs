using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Reads the rotary embedding of a config.json: <c>rope_parameters</c> (transformers 5), <c>rope_scaling</c> and <c>rope_theta</c> (4).</summary>
internal static class RotaryFields
{
    private const string Theta = "rope_theta", WindowTheta = "rope_local_base_freq", Fraction = "partial_rotary_factor", Growth = "llama_4_scaling_beta";
    private const string FullAttention = "full_attention", WindowAttention = "sliding_attention";

    /// <summary>Reads bases and scaling. <c>rope_scaling</c> has precedence over <c>rope_parameters</c>, as in transformers.</summary>
    /// <param name="document">The file.</param>
    /// <param name="family">The family.</param>
    /// <param name="headSize">DH.</param>
    /// <exception cref="InvalidInputException">The kind of scaling is not supported, or two fields contradict each other.</exception>
    public static RotaryReading Read(ConfigDocument document, TransformerFamily family, int headSize)
    {
        var traits = family.Traits();
        if (family == TransformerFamily.Phi3)
        {
            document.Ignore(["original_max_position_embeddings"]); // longrope reads it
        }

        var (old, current) = (Section(document, "rope_scaling"), Section(document, "rope_parameters"));
        var width = WidthOf(document, traits, headSize, old, current);
        var (first, second) = (ScalingOf(old, document, family, width), ScalingOf(current, document, family, width));
        if (old is not null && second is not null && first != second)
        {
            throw document.Wrong("rope_scaling", "the same as rope_parameters, or one of the two");
        }

        var theta = ThetaOf(document, traits, old, current);
        var scaling = old is null ? second : first;
        return new(theta, scaling, WindowOf(document, family, theta, width), width, GrowthOf(family, old ?? current, scaling));
    }

    /// <summary>The field's object, or, if it has one for each type of layers, that of full attention. Null if there is none, or an empty one.</summary>
    private static ConfigDocument? Section(ConfigDocument document, string field)
    {
        var section = document.Object(field);
        if (section is null || !section.Fields.Any())
        {
            return null;
        }

        return !section.Fields.Any(section.IsObject) ? section
            : section.Object(FullAttention) ?? throw section.Wrong(FullAttention, "an object, because the rotary embedding is given by type of layers");
    }

    private static double ThetaOf(ConfigDocument document, FamilyTraits traits, params ReadOnlySpan<ConfigDocument?> sections)
    {
        var theta = document.NumberOrNone(Theta);
        foreach (var section in sections)
        {
            if (section?.Has(Theta) == true && section.Number(Theta) is var own && (theta ??= own) != own)
            {
                throw section.Wrong(Theta, $"{theta}, as in another field of this file");
            }
        }

        return theta ?? traits.RopeTheta;
    }

    private static int WidthOf(ConfigDocument document, FamilyTraits traits, int headSize, params ReadOnlySpan<ConfigDocument?> sections)
    {
        var fraction = 1.0;
        foreach (var section in (ReadOnlySpan<ConfigDocument?>)[document, .. sections])
        {
            if (traits.PartialRotary)
            {
                fraction = section?.NumberOrNone(Fraction) ?? fraction;
            }
            else
            {
                section?.RequireNeutral(Fraction, "1");
            }
        }

        var width = (int)(headSize * fraction);
        return width % 2 == 0 && width > 0 && width <= headSize ? width : throw document.Wrong(Fraction, $"a fraction of {headSize} that is an even number");
    }

    private static RotaryForm? WindowOf(ConfigDocument document, TransformerFamily family, double theta, int width)
    {
        var section = document.Object("rope_parameters") is { } parameters && parameters.IsObject(WindowAttention) ? parameters.Object(WindowAttention) : null;
        if (section is null && family.Traits().WindowRopeTheta is null)
        {
            return null;
        }

        var own = section?.NumberOrNone(Theta) ?? document.NumberOrNone(WindowTheta) ?? family.Traits().WindowRopeTheta ?? theta;
        document.Ignore([WindowTheta]);
        return new(own, width, ScalingOf(section, document, family, width));
    }

    private static RotaryScaling? ScalingOf(ConfigDocument? section, ConfigDocument document, TransformerFamily family, int width) =>
        section is null ? null : ScalingFields.Read(section, document, family, width);

    private static QueryGrowth? GrowthOf(TransformerFamily family, ConfigDocument? section, RotaryScaling? scaling)
    {
        if (family != TransformerFamily.Ministral3)
        {
            section?.RequireNeutral(Growth, "0");
            return null;
        }

        // transformers computes it for every model of the family, and fails if there is none.
        return section is not null && section.Number(Growth) is var beta
            ? new(beta, section.Count("original_max_position_embeddings", (scaling as YarnScaling)?.OriginalMaxPositions))
            : null;
    }
}
