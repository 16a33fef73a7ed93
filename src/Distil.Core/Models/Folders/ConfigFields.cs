namespace Distil.Core.Models.Folders;

/// <summary>Fields of config.json that determine nothing that a model computes from its weights, or must have the value with which they do not.</summary>
internal static class ConfigFields
{
    /// <summary>Fields for training, for generation, for bookkeeping, and for how the same numbers are computed.</summary>
    private static readonly string[] WithoutEffect =
    [
        "_attn_implementation", "_attn_implementation_autoset", "_attn_implementation_internal", "_commit_hash", "_experts_implementation",
        "_flash_attn_2_enabled", "_name_or_path", "architectures", "attention_dropout", "attention_probs_dropout_prob", "attn_implementation", "attn_pdrop",
        "auto_map", "bad_words_ids", "base_model_ep_plan", "base_model_pp_plan", "base_model_tp_plan", "begin_suppress_tokens", "bos_token_id", "cache_implementation", "chunk_size_feed_forward", "classifier_dropout", "cross_attention_hidden_size",
        "decoder_start_token_id",
        "diversity_penalty", "do_sample", "dropout", "dtype", "early_stopping", "embd_pdrop", "encoder_no_repeat_ngram_size", "eos_token_id", "epsilon_cutoff", "eta_cutoff",
        "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing", "guidance_scale", "hidden_dropout",
        "hidden_dropout_prob",
        "id2label", "initializer_range", "is_decoder", "is_llama_config", "label2id", "keys_to_ignore_at_inference", "length_penalty", "loss_type", "low_memory",
        "mask_token_id", "max_length", "max_new_tokens", "max_sequence_length", "min_length", "min_new_tokens", "min_p", "model_max_length",
        "neftune_noise_alpha", "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_labels", "num_return_sequences", "output_attentions",
        "output_hidden_states", "output_scores", "pad_token_id", "penalty_alpha", "prefix", "pretraining_tp", "problem_type", "remove_invalid_values", "renormalize_logits", "repetition_penalty",
        "resid_pdrop", "return_dict", "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params", "temperature",
        "tf_legacy_loss", "tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torch_dtype", "torchscript", "transformers.js_config",
        "transformers_version", "typical_p", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache", "use_flash_attention_2",
        "use_flash_attn",
    ];

    /// <summary>Fields that change the numbers in some family, with the JSON that changes nothing; null if only null does.</summary>
    private static readonly (string Field, string? Neutral)[] Neutral =
    [
        ("add_cross_attention", "false"), ("alibi", "false"), ("is_encoder_decoder", "false"), ("rope_interleaved", "false"), ("use_mrope", "false"),
        ("use_parallel_residual", "false"), ("embedding_multiplier", "1"), ("logit_scale", "1"), ("logits_scaling", "1"), ("residual_multiplier", "1"),
        ("attention_multiplier", null), ("attn_logit_softcapping", null), ("clip_qkv", null), ("final_logit_softcapping", null),
        ("logit_softcapping", null), ("query_pre_attn_scalar", null), ("no_rope_layers", null), ("n_routed_experts", "0"), ("num_experts", "0"),
        ("num_local_experts", "0"), ("pruned_heads", "{}"), ("full_attn_mod", "1"), ("interpolate_factor", "1"),
    ];

    /// <summary>Refuses fields that change the numbers, or may: those with another value than the one that changes nothing, and all that are not known.</summary>
    /// <remarks>It is called after a family's fields have been read.</remarks>
    /// <exception cref="Errors.InvalidInputException">There is such a field.</exception>
    public static void Check(ConfigDocument document)
    {
        document.Ignore(WithoutEffect);
        foreach (var (field, neutral) in Neutral.Where(each => !document.WasRead(each.Field))) // what a family has read, it computes
        {
            document.RequireNeutral(field, neutral is null ? [] : [neutral]);
        }

        document.RequireAllRead();
    }

    /// <summary>Refuses code beside the weights (<c>auto_map</c>) unless it is for the family's own class.</summary>
    /// <exception cref="Errors.InvalidInputException">It is for another class.</exception>
    public static void RequireOwnClass(ConfigDocument document, FamilyTraits traits)
    {
        if (document.Has("auto_map") && document.Texts("architectures") is { } classes && !classes.Contains(traits.Architecture))
        {
            throw document.Wrong("architectures", $"{traits.Architecture}, because auto_map names code which may compute something else");
        }
    }
}
