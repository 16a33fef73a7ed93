namespace Distil.Core.Models;

/// <summary>The families and their traits, from the implementations in transformers 5.17.</summary>
public static class FamilyTable
{
    private static readonly Dictionary<TransformerFamily, FamilyTraits> Families = new()
    {
        [TransformerFamily.Qwen2] = new("qwen2", "Qwen2ForCausalLM") { AttentionBias = BiasRule.QueryKeyValue, Windows = WindowRule.FromLayer },
        [TransformerFamily.Qwen3] = new("qwen3", "Qwen3ForCausalLM") { HeadNorms = HeadNorms.Head, Windows = WindowRule.FromLayer },
        [TransformerFamily.Llama] = new("llama", "LlamaForCausalLM") { ReadsFeedForwardBias = true },
        [TransformerFamily.Mistral] = new("mistral", "MistralForCausalLM") { AttentionBias = BiasRule.Never, Windows = WindowRule.All },
        [TransformerFamily.Ministral] = new("ministral", "MinistralForCausalLM") { AttentionBias = BiasRule.Never, Windows = WindowRule.ByType },
        [TransformerFamily.Ministral3] = new("ministral3", "Ministral3ForCausalLM")
        {
            AttentionBias = BiasRule.Never, Windows = WindowRule.All, NormEpsilon = 1e-5,
        },
        [TransformerFamily.Gemma2] = new("gemma2", "Gemma2ForCausalLM")
        {
            Norms = NormPlaces.Both, ZeroCentredNorms = true, Gelu = true, TiedByDefault = true, Windows = WindowRule.EverySecond,
        },
        [TransformerFamily.Gemma3] = new("gemma3_text", "Gemma3ForCausalLM")
        {
            Norms = NormPlaces.Both, HeadNorms = HeadNorms.Head, ZeroCentredNorms = true, Gelu = true, TiedByDefault = true,
            Windows = WindowRule.ButEverySixth, RopeTheta = 1_000_000, WindowRopeTheta = 10_000,
        },
        [TransformerFamily.Phi3] = new("phi3", "Phi3ForCausalLM")
        {
            AttentionBias = BiasRule.Never, FusedWeights = true, PartialRotary = true, Windows = WindowRule.All, NormEpsilon = 1e-5,
        },
        [TransformerFamily.Olmo2] = new("olmo2", "Olmo2ForCausalLM") { Norms = NormPlaces.After, HeadNorms = HeadNorms.Width, WideNorms = true, NormEpsilon = 1e-5 },
        [TransformerFamily.SmolLm3] = new("smollm3", "SmolLM3ForCausalLM")
        {
            ReadsFeedForwardBias = true, TiedByDefault = true, Windows = WindowRule.Unrotated, RopeTheta = 2_000_000,
        },
        [TransformerFamily.Granite] = new("granite", "GraniteForCausalLM") { ReadsFeedForwardBias = true },
        [TransformerFamily.Qwen3Moe] = new("qwen3_moe", "Qwen3MoeForCausalLM") { HeadNorms = HeadNorms.Head, Windows = WindowRule.AllIfUsed },
    };

    /// <value>The <c>model_type</c> of every family, for messages.</value>
    public static string ModelTypes { get; } = string.Join(", ", Families.Values.Select(traits => traits.ModelType));

    /// <summary>A family's traits.</summary>
    public static FamilyTraits Traits(this TransformerFamily family) => Families[family];

    /// <summary>The family of a <c>model_type</c>; null if it is not supported.</summary>
    public static TransformerFamily? Find(string modelType) =>
        Families.Where(family => family.Value.ModelType == modelType).Select(family => (TransformerFamily?)family.Key).FirstOrDefault();
}
