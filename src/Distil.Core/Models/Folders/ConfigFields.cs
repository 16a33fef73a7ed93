namespace Distil.Core.Models.Folders;

/// <summary>Fields of config.json that determine nothing that a model computes from its weights, or must have the value with which they do not.</summary>
internal static class ConfigFields
{
    /// <summary>Fields for training, for generation, for bookkeeping.</summary>
    private static readonly string[] WithoutEffect =
    [
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path", "architectures", "attention_dropout", "attn_implementation",
        "bad_words_ids", "base_model_tp_plan", "begin_suppress_tokens", "bos_token_id", "chunk_size_feed_forward", "cross_attention_hidden_size",
        "decoder_start_token_id",
        "diversity_penalty", "do_sample", "dtype", "early_stopping", "embd_pdrop", "encoder_no_repeat_ngram_size", "eos_token_id",
        "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing", "hidden_dropout",
        "id2label", "initializer_range", "is_decoder", "is_llama_config", "label2id", "length_penalty", "max_length", "min_length", "model_max_length",
        "neftune_noise_alpha", "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_labels", "num_return_sequences", "output_attentions",
        "output_hidden_states", "output_scores", "pad_token_id", "prefix", "pretraining_tp", "problem_type", "remove_invalid_values", "repetition_penalty",
        "resid_pdrop", "return_dict", "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params", "temperature",
        "tf_legacy_loss", "tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torch_dtype", "torchscript", "transformers.js_config",
        "transformers_version", "typical_p", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache",
    ];

    /// <summary>Fields that change the numbers in some family, with the JSON that changes nothing; null if only null does.</summary>
    private static readonly (string Field, string? Neutral)[] Neutral =
    [
        ("add_cross_attention", "false"), ("alibi", "false"), ("is_encoder_decoder", "false"), ("rope_interleaved", "false"), ("use_mrope", "false"),
        ("use_parallel_residual", "false"), ("embedding_multiplier", "1"), ("logit_scale", "1"), ("logits_scaling", "1"), ("residual_multiplier", "1"),
        ("attention_multiplier", null), ("attn_logit_softcapping", null), ("clip_qkv", null), ("final_logit_softcapping", null),
        ("logit_softcapping", null), ("query_pre_attn_scalar", null), ("no_rope_layers", null), ("n_routed_experts", "0"), ("num_experts", "0"),
        ("num_local_experts", "0"), ("pruned_heads", "{}"),
    ];

    /// <summary>Marks the fields without effect as read, and refuses fields that would change the numbers if they were ignored.</summary>
    /// <remarks>It is called after a family's fields have been read.</remarks>
    /// <exception cref="Errors.InvalidInputException">Such a field has a value that is not supported.</exception>
    public static void Check(ConfigDocument document)
    {
        document.Ignore(WithoutEffect);
        foreach (var (field, neutral) in Neutral.Where(each => !document.WasRead(each.Field))) // what a family has read, it computes
        {
            document.RequireNeutral(field, neutral is null ? [] : [neutral]);
        }
    }
}
