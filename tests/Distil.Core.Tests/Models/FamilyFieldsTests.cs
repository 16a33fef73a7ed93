using static Distil.Core.Tests.Models.FamilyConfigs;

namespace Distil.Core.Tests.Models;

/// <summary>Fields of a config.json that are refused, because a family does not have them or nothing reads them, and those that are no part of a model.</summary>
public sealed class FamilyFieldsTests : ChangedConfig
{
    [Theory]
    [InlineData("gptq")]
    [InlineData("awq")]
    [InlineData("bitsandbytes")]
    public void Weights_that_are_packed_are_refused_by_name(string method) => Assert.Contains(
        $"quantization_config.quant_method is \"{method}\"; expected fp8, or compressed-tensors",
        Wrong(Mistral7B, ("quantization_config", $$"""{ "quant_method": "{{method}}", "bits": 4 }""")));

    [Theory]
    [InlineData(Mistral7B)]
    [InlineData(Gemma2Of2B)]
    [InlineData(Gemma3Of1B)]
    [InlineData(Olmo2Of1B)]
    [InlineData(SmolLm3Of3B)]
    [InlineData(Granite2B)]
    [InlineData(Qwen3Of30B)]
    public void What_transformers_4_writes_beside_the_model_is_accepted_and_a_field_that_no_family_knows_is_refused(string config)
    {
        Read(config, [.. Bookkeeping]);
        Assert.Contains("config.json: use_rotary, other are not read; expected no such field, because it may change the numbers",
            Wrong(config, ("use_rotary", "false"), ("other", "0")));
    }

    [Fact]
    public void Phi_4_brings_code_for_its_own_class_and_its_context_without_a_scaling()
    {
        var config = Phi4Mini.Replace("FACTORS", "[1.0]", StringComparison.Ordinal);
        (string, string?)[] plain = [("rope_scaling", "null"), ("partial_rotary_factor", "1.0"), ("auto_map", """{ "AutoModelForCausalLM": "modeling_phi3.Phi3ForCausalLM" }""")];
        Assert.Null(Read(config, plain).RopeScaling);
        Assert.Contains("architectures is [\"Phi3Other\"]; expected Phi3ForCausalLM, because auto_map names code", Wrong(config, [.. plain, ("architectures", "[\"Phi3Other\"]")]));
        Assert.Contains("full_attn_mod is 2; expected 1", Wrong(config, [.. plain, ("full_attn_mod", "2")]));
    }

    [Theory]
    [InlineData("gemma3_text", "use_bidirectional_attention", "true")]
    [InlineData("mistral", "attention_bias", "true")]
    [InlineData("mistral", "embedding_multiplier", "12.0")]
    [InlineData("granite", "final_logit_softcapping", "30.0")]
    [InlineData("olmo2", "query_pre_attn_scalar", "128")]
    [InlineData("qwen3_moe", "no_rope_layers", "[0]")]
    public void A_field_of_another_family_is_refused(string family, string field, string value)
    {
        var config = new[] { Mistral7B, Gemma3Of1B, Granite2B, Olmo2Of1B, Qwen3Of30B }.Single(each => each.Contains($"\"{family}\"", StringComparison.Ordinal));
        Assert.Contains($"config.json: {field} is {value}; expected", Wrong(config, (field, value)));
    }

    /// <summary>What <c>PretrainedConfig.to_json_file(use_diff=False)</c> of transformers 4 writes for each family.</summary>
    private static (string, string?)[] Bookkeeping =>
    [
        ("return_dict", "true"), ("output_hidden_states", "false"), ("output_attentions", "false"), ("torchscript", "false"), ("use_bfloat16", "false"),
        ("tf_legacy_loss", "false"), ("pruned_heads", "{}"), ("chunk_size_feed_forward", "0"), ("is_encoder_decoder", "false"), ("is_decoder", "false"),
        ("cross_attention_hidden_size", "null"), ("add_cross_attention", "false"), ("tie_encoder_decoder", "false"), ("max_length", "20"), ("min_length", "0"),
        ("do_sample", "false"), ("early_stopping", "false"), ("num_beams", "1"), ("num_beam_groups", "1"), ("diversity_penalty", "0.0"),
        ("temperature", "1.0"), ("top_k", "50"), ("top_p", "1.0"), ("typical_p", "1.0"), ("repetition_penalty", "1.0"), ("length_penalty", "1.0"),
        ("no_repeat_ngram_size", "0"), ("encoder_no_repeat_ngram_size", "0"), ("bad_words_ids", "null"), ("num_return_sequences", "1"),
        ("output_scores", "false"), ("return_dict_in_generate", "false"), ("forced_bos_token_id", "null"), ("forced_eos_token_id", "null"),
        ("remove_invalid_values", "false"), ("exponential_decay_length_penalty", "null"), ("suppress_tokens", "null"), ("begin_suppress_tokens", "null"),
        ("finetuning_task", "null"), ("id2label", """{ "0": "LABEL_0" }"""), ("label2id", """{ "LABEL_0": 0 }"""), ("tokenizer_class", "null"),
        ("prefix", "null"), ("sep_token_id", "null"), ("decoder_start_token_id", "null"), ("task_specific_params", "null"), ("problem_type", "null"),
        ("_name_or_path", "\"owner/name\""), ("_attn_implementation_autoset", "true"), ("unsloth_version", "\"2025.1\""),
    ];
}
