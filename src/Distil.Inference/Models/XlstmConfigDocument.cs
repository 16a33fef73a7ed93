using System.Text.Json.Nodes;
using Distil.Core.Models;

namespace Distil.Inference.Models;

/// <summary>The content of the config.json that a student is written with: the authors' stack under <c>xlstm_config</c>, and what transformers reads.</summary>
internal static class XlstmConfigDocument
{
    /// <summary>The document of a configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="dtype">Element type of the weights beside it: <c>float32</c> or <c>bfloat16</c>.</param>
    internal static JsonObject Of(XlstmConfig config, string dtype)
    {
        var stack = new JsonObject
        {
            ["vocab_size"] = config.VocabularySize,
            ["context_length"] = config.ContextLength,
            ["num_blocks"] = config.Blocks,
            ["embedding_dim"] = config.Width,
            ["slstm_at"] = new JsonArray([.. config.SlstmAt.Select(block => JsonValue.Create(block))]),
            ["add_post_blocks_norm"] = true,
            ["bias"] = false,
            ["dropout"] = 0.0,
            ["tie_weights"] = config.TieWeights,
            ["add_embedding_dropout"] = false,
        };
        if (config.SlstmAt.Count < config.Blocks)
        {
            stack["mlstm_block"] = new JsonObject
            {
                ["mlstm"] = new JsonObject
                {
                    ["conv1d_kernel_size"] = config.MlstmConvKernel,
                    ["qkv_proj_blocksize"] = config.QkvBlockSize,
                    ["num_heads"] = config.MlstmHeads,
                    ["proj_factor"] = config.MlstmProjFactor,
                },
            };
        }

        if (config.SlstmAt.Count > 0)
        {
            stack["slstm_block"] = new JsonObject
            {
                ["slstm"] = new JsonObject
                {
                    ["backend"] = config.Layout == RecurrentLayout.Cuda ? "cuda" : "vanilla",
                    ["num_heads"] = config.SlstmHeads,
                    ["conv1d_kernel_size"] = config.SlstmConvKernel,
                    ["bias_init"] = "powerlaw_blockdependent",
                },
                ["feedforward"] = new JsonObject { ["proj_factor"] = config.FeedForwardProjFactor, ["act_fn"] = config.FeedForwardActivation },
            };
        }

        var root = new JsonObject
        {
            ["architectures"] = new JsonArray(PythonFiles.Architecture(XlstmConfigFile.ModelType)),
            ["auto_map"] = PythonFiles.AutoMap(XlstmConfigFile.ModelType),
            ["model_type"] = XlstmConfigFile.ModelType,
            ["vocab_size"] = config.VocabularySize,
            ["hidden_size"] = config.Width,
            ["num_hidden_layers"] = config.Blocks,
            ["tie_word_embeddings"] = config.TieWeights,
            ["dtype"] = dtype,
        };
        if (config.PadTokenId is { } pad)
        {
            root["pad_token_id"] = pad;
        }
        root["xlstm_config"] = stack;
        return root;
    }
}
