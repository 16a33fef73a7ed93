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

    /// <summary>Marks the fields without effect as read, and refuses fields that would change the numbers if they were ignored.</summary>
    /// <exception cref="Errors.InvalidInputException">Such a field has a value that is not supported.</exception>
    public static void Check(ConfigDocument document)
    {
        document.Ignore(WithoutEffect);
        foreach (var flag in (string[])["add_cross_attention", "alibi", "is_encoder_decoder", "rope_interleaved", "use_mrope", "use_parallel_residual"])
        {
            document.RequireNeutral(flag, "false");
        }

        foreach (var factor in (string[])["embedding_multiplier", "logit_scale", "logits_scaling", "residual_multiplier"])
        {
            document.RequireNeutral(factor, "1");
        }

        foreach (var limit in (string[])["attention_multiplier", "attn_logit_softcapping", "clip_qkv", "final_logit_softcapping", "logit_softcapping"])
        {
            document.RequireNeutral(limit);
        }

        foreach (var experts in (string[])["n_routed_experts", "num_experts", "num_local_experts"])
        {
            document.RequireNeutral(experts, "0");
        }

        document.RequireNeutral("pruned_heads", "{}");
    }
}
