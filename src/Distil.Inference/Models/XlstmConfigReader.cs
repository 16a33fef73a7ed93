using Distil.Core.Errors;
using Distil.Core.Models;

namespace Distil.Inference.Models;

/// <summary>Reads the authors' configuration of a stack of blocks, <c>xlstm_config</c> in a student's config.json.</summary>
internal static class XlstmConfigReader
{
    /// <summary>Fields of the authors' records for training and generation, and those that the authors' code overwrites with the stack's.</summary>
    internal static readonly string[] WithoutEffect =
    [
        "_block_idx", "_block_map", "_inner_embedding_dim", "_name_or_path", "_num_blocks", "_proj_up_dim", "add_embedding_dropout", "architectures", "auto_map",
        "batch_size", "bias", "bias_init", "bos_token_id", "context_length", "dropout", "dtype", "embedding_dim", "enable_automatic_mixed_precision", "eos_token_id",
        "gradient_recurrent_clipval", "gradient_recurrent_cut", "hidden_size", "initializer_range", "num_hidden_layers", "pad_token_id", "recurrent_weight_init",
        "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache", "vocab_size", "weight_decay_on_embedding",
    ];

    /// <summary>Reads the stack's configuration.</summary>
    /// <param name="stack">The object <c>xlstm_config</c>.</param>
    /// <exception cref="InvalidInputException">A field is missing, ill-typed, or has a value that changes the numbers and is not read.</exception>
    internal static XlstmConfig Read(ConfigDocument stack)
    {
        stack.RequireNeutral("bias", "false");
        stack.RequireNeutral("add_post_blocks_norm", "true");
        var blocks = stack.Count("num_blocks", most: ConfigDocument.MaxLayers);
        var (mlstmBlock, slstmBlock) = (stack.Object("mlstm_block"), stack.Object("slstm_block"));
        var (mlstm, slstm, feedForward) = (Part(mlstmBlock, "mlstm"), Part(slstmBlock, "slstm"), Part(slstmBlock, "feedforward"));
        slstm?.RequireNeutral("function", "\"slstm\"");
        slstm?.RequireNeutral("group_norm_weight", "true");
        feedForward?.RequireNeutral("ff_type", "\"ffn_gated\"");
        foreach (var part in (ConfigDocument?[])[stack, mlstmBlock, slstmBlock, mlstm, slstm, feedForward])
        {
            part?.Ignore(WithoutEffect);
        }

        foreach (var part in new[] { mlstm, feedForward })
        {
            part?.RequireNeutral("round_proj_up_dim_up", "true");
            part?.RequireNeutral("round_proj_up_to_multiple_of", "64");
        }

        return new()
        {
            VocabularySize = stack.Count("vocab_size"),
            ContextLength = stack.Count("context_length"),
            Blocks = blocks,
            Width = stack.Count("embedding_dim"),
            SlstmAt = mlstm is null ? [.. Enumerable.Range(0, blocks)] : SlstmAt(stack, blocks),
            MlstmHeads = mlstm?.Count("num_heads", 4) ?? 4,
            MlstmConvKernel = mlstm?.Count("conv1d_kernel_size", 4) ?? 4,
            QkvBlockSize = mlstm?.Count("qkv_proj_blocksize", 4) ?? 4,
            MlstmProjFactor = mlstm?.Number("proj_factor", 2) ?? 2,
            SlstmHeads = slstm?.Count("num_heads", 4) ?? 4,
            SlstmConvKernel = slstm?.Count("conv1d_kernel_size", 4) ?? 4,
            FeedForwardProjFactor = feedForward?.Number("proj_factor", 1.3) ?? 1.3,
            FeedForwardActivation = feedForward?.Text("act_fn", "gelu") ?? "gelu",
            Layout = slstm?.Text("backend", "cuda") switch
            {
                null or "cuda" => RecurrentLayout.Cuda,
                "vanilla" => RecurrentLayout.Vanilla,
                _ => throw slstm!.Wrong("backend", "cuda or vanilla"),
            },
            TieWeights = stack.Flag("tie_weights", false),
        };
    }

    private static ConfigDocument? Part(ConfigDocument? block, string field) => block is null ? null : block.Object(field) ?? throw block.Wrong(field, "an object");

    private static IReadOnlyList<int> SlstmAt(ConfigDocument stack, int blocks) =>
        !stack.IsText("slstm_at") ? stack.Naturals("slstm_at")
        : stack.Text("slstm_at") == "all" ? [.. Enumerable.Range(0, blocks)]
        : throw stack.Wrong("slstm_at", "a list of block numbers, or \"all\"");
}
