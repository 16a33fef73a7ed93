using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using static Distil.Core.Tests.Models.FamilyConfigs;

namespace Distil.Core.Tests.Models;

/// <summary>The fields of published models' config.json, in the forms of transformers 4 and 5.</summary>
public sealed class FamilyConfigTests : ChangedConfig
{
    [Fact]
    public void Mistral_7B_has_the_layers_of_Llama()
    {
        var config = Read(Mistral7B);
        Assert.Equal((7_248_023_552, 0), (config.Parameters, config.WindowOf(31)));
        Assert.Empty(UnusualLayers.Of(config));
        Assert.Equal(TransformerFamily.Llama, LinearisedTeacher.Of(config).Family);
    }

    [Fact]
    public void Every_layer_of_Mistral_has_the_window()
    {
        var config = Read(Mistral7B, ("sliding_window", "4096"));
        Assert.Equal(Enumerable.Repeat(4096, 32), config.Form.Windows);
        Assert.Contains("sliding_window", Assert.Single(UnusualLayers.Of(config)));
        Assert.Contains("expected sliding_attention in every layer", Wrong(Mistral7B, ("sliding_window", "4096"), ("layer_types", Types(32, "full_attention"))));
    }

    [Fact]
    public void A_window_as_long_as_the_context_changes_nothing() =>
        Assert.Empty(UnusualLayers.Of(Read(Mistral7B, ("sliding_window", "32768")))); // Ministral 8B of 2024

    [Fact]
    public void A_missing_window_of_Mistral_would_be_4096_so_it_must_be_stated() =>
        Assert.Contains("config.json: sliding_window is missing; expected a whole number ≥ 1, or null", Wrong(Mistral7B, ("sliding_window", null)));

    [Fact]
    public void Gemma_2_caps_scores_and_logits_and_every_second_layer_has_a_window()
    {
        var config = Read(Gemma2Of2B);
        Assert.Equal(2_614_341_888, config.Parameters);
        Assert.Equal((50, 30, 48, 1 / 16.0), (config.Form.ScoreCap, config.Form.LogitCap, config.Form.EmbeddingFactor, config.Form.ScoreScale));
        Assert.Equal((4096, 0, 4096), (config.WindowOf(0), config.WindowOf(1), config.WindowOf(24)));
        Assert.True(config.TiedHead);
        Assert.Contains("attn_logit_softcapping is missing; expected a number > 0, or null", Wrong(Gemma2Of2B, ("attn_logit_softcapping", null)));
    }

    [Theory]
    [InlineData("sliding_window_pattern", "6", 5)]
    [InlineData("_sliding_window_pattern", "3", 2)]
    [InlineData("sliding_window_pattern", null, 5)]
    public void Gemma_3_has_windows_and_two_rotary_embeddings(string field, string? pattern, int full)
    {
        var config = Read(Gemma3Of1B, ("sliding_window_pattern", null), (field, pattern));
        Assert.Equal(999_885_952, config.Parameters);
        Assert.Equal((512, 0), (config.WindowOf(0), config.WindowOf(full)));
        Assert.Equal((new(10_000, 256, null), new RotaryForm(1_000_000, 256, null)), (config.RotaryOf(0), config.RotaryOf(full)));
        Assert.Null(config.Form.LogitCap);
    }

    [Fact]
    public void Gemma_3_scales_the_layers_without_a_window_alone()
    {
        var config = Read(Gemma3Of1B, ("rope_scaling", """{ "rope_type": "linear", "factor": 8.0 }"""));
        Assert.Equal((null, new LinearScaling(8)), (config.RotaryOf(0)!.Scaling, config.RotaryOf(5)!.Scaling));
    }

    [Fact]
    public void Fields_that_published_models_have_and_transformers_does_not_read_are_ignored()
    {
        Assert.Equal(4096, Read(Gemma2Of2B, ("sliding_window_size", "4096")).WindowOf(0)); // Gemma 2 of 9B and 27B
        Assert.IsType<YarnScaling>(Read(Mistral7B, ("rope_scaling", """{ "rope_type": "yarn", "factor": 4.0, "attn_factor": 0.88 }""")).RopeScaling);
    }

    [Fact]
    public void Phi_4_mini_rotates_three_quarters_of_a_head_by_long_and_short_factors()
    {
        var config = Read(Phi4Mini.Replace("FACTORS", $"[{string.Join(", ", Enumerable.Repeat("1.5", 48))}]", StringComparison.Ordinal));
        Assert.Equal(3_836_021_760, config.Parameters);
        var scaling = Assert.IsType<LongRopeScaling>(config.RopeScaling);
        Assert.Equal((96, 48, 4096), (config.Rotary.Width, scaling.LongFactors.Count, scaling.OriginalMaxPositions));
        Assert.Equal(Math.Sqrt(1 + (Math.Log(32) / Math.Log(4096))), scaling.Attention, 1e-12);
        Assert.Equal(["heads that are rotated in part (partial_rotary_factor)"], UnusualLayers.Of(config));
    }

    [Fact]
    public void Olmo_2_has_norms_behind_its_parts_and_over_all_heads()
    {
        var config = Read(Olmo2Of1B);
        Assert.Equal(1_484_916_736, config.Parameters);
        Assert.Equal((NormPlaces.After, HeadNorms.Width), (config.Traits.Norms, config.Traits.HeadNorms));
    }

    [Fact]
    public void Every_fourth_layer_of_SmolLM3_is_not_rotated()
    {
        var config = Read(SmolLm3Of3B);
        Assert.Equal((3_075_098_624, true), (config.Parameters, config.TiedHead));
        Assert.Equal([3, 7, 11, 15, 19, 23, 27, 31, 35], config.Form.UnrotatedLayers);
        Assert.Equal(config.Form, Read(SmolLm3Of3B, ("no_rope_layers", $"[{string.Join(",", Enumerable.Repeat("1,1,1,0", 9))}]")).Form);
        Assert.Contains("no_rope_layers is [1,2]; expected 1 (rotated) or 0", Wrong(SmolLm3Of3B, ("no_rope_layers", "[1,2]")));
    }

    [Fact]
    public void Granite_multiplies_embedding_scores_and_layers_and_divides_logits()
    {
        var config = Read(Granite2B);
        Assert.Equal(2_533_539_840, config.Parameters);
        Assert.Equal(new TransformerForm { EmbeddingFactor = 12, ResidualFactor = 0.22, ScoreScale = 0.015625, LogitDivisor = 8 }, config.Form);
    }

    [Fact]
    public void Qwen3_with_experts_in_fp8()
    {
        var config = Read(Qwen3Of30B);
        Assert.Equal(30_532_122_624, config.Parameters);
        Assert.Equal((48, 128, 8, 768, true), (config.Form.Experts!.Layers.Count, config.Form.Experts.Count, config.Form.Experts.PerToken,
            config.Form.Experts.IntermediateSize, config.Form.Experts.Normalised));
        Assert.Equal([0, 2], Read(Qwen3Of30B, ("num_hidden_layers", "3"), ("mlp_only_layers", "[1]")).Form.Experts!.Layers);
        Assert.Contains("num_experts_per_tok is 200; expected at most num_experts 128", Wrong(Qwen3Of30B, ("num_experts_per_tok", "200")));
    }

    [Theory]
    [InlineData(Gemma2Of2B, "gemma2 has attention over a window (sliding_window)")]
    [InlineData(Olmo2Of1B, "olmo2 has norms behind attention and feed-forward network")]
    [InlineData(SmolLm3Of3B, "smollm3 has layers without a rotary embedding (no_rope_layers)")]
    [InlineData(Granite2B, "granite has a scale of the scores (query_pre_attn_scalar, attention_multiplier)")]
    [InlineData(Qwen3Of30B, "qwen3_moe has experts (num_experts)")]
    public void A_linearised_student_refuses_layers_that_it_cannot_compute(string file, string feature)
    {
        var config = Read(file);
        var student = Assert.Throws<InvalidInputException>(() => LinearisedShape.Of(new StudentSpec(), config, 128));
        Assert.Contains($"student.kind is linearised, but the teacher's family {feature}, which a linearised student cannot compute; expected xlstm", student.Message);
        var control = Assert.Throws<InvalidInputException>(() => LinearisedTeacher.RequireControl(config));
        Assert.Contains($"evaluation.control is true, but the teacher's family {feature}", control.Message);
    }

    [Fact]
    public void A_linearised_student_refuses_a_rotary_scaling_that_its_other_forms_do_not_have() => Assert.Contains(
        "the teacher's family mistral has the rotary scaling yarn",
        Assert.Throws<InvalidInputException>(
            () => LinearisedTeacher.Of(Read(Mistral7B, ("rope_scaling", """{ "rope_type": "yarn", "factor": 4.0 }""")))).Message);

    private static string Types(int count, string type) => $"[{string.Join(", ", Enumerable.Repeat($"\"{type}\"", count))}]";
}
