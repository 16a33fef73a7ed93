using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Reads what a family's config.json has beyond the usual fields: multipliers, caps, experts, layers without rotation.</summary>
internal static class FormFields
{
    /// <summary>Reads the form, without the rotary embedding.</summary>
    /// <param name="document">The file.</param>
    /// <param name="family">The family.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="width">D.</param>
    /// <exception cref="InvalidInputException">A field is missing, ill-typed or contradicts another.</exception>
    public static TransformerForm Read(ConfigDocument document, TransformerFamily family, int layers, int width)
    {
        var form = family switch
        {
            TransformerFamily.Gemma2 or TransformerFamily.Gemma3 => new TransformerForm
            {
                EmbeddingFactor = Math.Sqrt(width),
                ScoreScale = 1 / Math.Sqrt(document.Number("query_pre_attn_scalar")),
                ScoreCap = Cap(document, "attn_logit_softcapping", family),
                LogitCap = Cap(document, "final_logit_softcapping", family),
            },
            TransformerFamily.Granite => new TransformerForm
            {
                EmbeddingFactor = document.Number("embedding_multiplier", 1),
                ResidualFactor = document.Number("residual_multiplier", 1),
                ScoreScale = document.Number("attention_multiplier", 1),
                LogitDivisor = document.Number("logits_scaling", 1),
            },
            TransformerFamily.SmolLm3 => new TransformerForm { UnrotatedLayers = Unrotated(document, layers) },
            TransformerFamily.Qwen3Moe => new TransformerForm { Experts = Experts(document, layers) },
            _ => new TransformerForm(),
        };
        return form with { Windows = WindowFields.Read(document, family.Traits(), layers, form.UnrotatedLayers ?? new([])) };
    }

    // The default of Gemma 2 is a cap, so a file must say if there is none.
    private static double? Cap(ConfigDocument document, string field, TransformerFamily family) =>
        family == TransformerFamily.Gemma2 && !document.Has(field) && !document.IsNull(field)
            ? throw document.Wrong(field, "a number > 0, or null for no cap")
            : document.NumberOrNone(field);

    private static ValueList<int>? Unrotated(ConfigDocument document, int layers)
    {
        var interval = document.Count("no_rope_layer_interval", 4);
        var rotated = document.Has("no_rope_layers")
            ? document.Naturals("no_rope_layers")
            : [.. Enumerable.Range(0, layers).Select(layer => (layer + 1) % interval == 0 ? 0 : 1)];
        if (rotated.Count < layers || rotated.Any(flag => flag > 1))
        {
            throw document.Wrong("no_rope_layers", $"1 (rotated) or 0 for each of num_hidden_layers {layers}");
        }

        var without = Enumerable.Range(0, layers).Where(layer => rotated[layer] == 0).ToList();
        return without.Count > 0 ? new(without) : null;
    }

    private static ExpertLayers? Experts(ConfigDocument document, int layers)
    {
        var field = !document.Has("num_experts") && document.Has("num_local_experts") ? "num_local_experts" : "num_experts";
        var (count, step, dense) = (document.Count(field, least: 0), document.Count("decoder_sparse_step", 1), document.Naturals("mlp_only_layers"));
        document.Ignore(["output_router_logits", "router_aux_loss_coef"]); // for training
        var sparse = Enumerable.Range(0, layers).Where(layer => count > 0 && (layer + 1) % step == 0 && !dense.Contains(layer)).ToList();
        var (perToken, width) = (document.Count("num_experts_per_tok"), document.Count("moe_intermediate_size"));
        return sparse.Count == 0 ? null
            : perToken <= count ? new(new(sparse), count, perToken, width, document.Flag("norm_topk_prob", false))
            : throw document.Wrong("num_experts_per_tok", $"at most {field} {count}");
    }
}
