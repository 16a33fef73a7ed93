using Distil.Core.Errors;

namespace Distil.Inference.Models;

/// <content>What its sizes must be.</content>
public sealed partial record XlstmConfig
{
    /// <summary>Checks that the sizes are consistent.</summary>
    /// <param name="source">The file's name, for the message.</param>
    /// <exception cref="InvalidInputException">A size is inconsistent; the message names the field as in config.json.</exception>
    public void Validate(string source)
    {
        void Require(bool holds, string field, object value, string expected)
        {
            if (!holds)
            {
                throw new InvalidInputException($"{source}: {field} is {value}; expected {expected}");
            }
        }

        Require(VocabularySize > 0, "vocab_size", VocabularySize, "at least 1");
        Require(ContextLength > 0, "context_length", ContextLength, "at least 1");
        Require(Blocks > 0, "num_blocks", Blocks, "at least 1");
        Require(Width > 0, "embedding_dim", Width, "at least 1");
        foreach (var block in SlstmAt)
        {
            Require(block >= 0 && block < Blocks, "slstm_at", block, $"blocks from 0 to {Blocks - 1} (num_blocks {Blocks})");
        }
        Require(SlstmAt.Distinct().Count() == SlstmAt.Count, "slstm_at", $"[{string.Join(", ", SlstmAt)}]", "each block once");
        if (SlstmAt.Count > 0)
        {
            Require(SlstmHeads > 0 && Width % SlstmHeads == 0, "slstm_block.slstm.num_heads", SlstmHeads, $"a divisor of embedding_dim ({Width})");
            Require(SlstmConvKernel > 0, "slstm_block.slstm.conv1d_kernel_size", SlstmConvKernel, "at least 1");
            Require(FeedForwardProjFactor > 0, "slstm_block.feedforward.proj_factor", FeedForwardProjFactor, "more than 0");
            Require(ActivationNames.Contains(FeedForwardActivation), "slstm_block.feedforward.act_fn",
                FeedForwardActivation, string.Join(", ", ActivationNames));
        }

        if (SlstmAt.Count < Blocks)
        {
            var inner = $"a divisor of the inner width ({MlstmInnerWidth} = embedding_dim {Width} × proj_factor {MlstmProjFactor}, rounded up to 64)";
            Require(MlstmProjFactor > 0, "mlstm_block.mlstm.proj_factor", MlstmProjFactor, "more than 0");
            Require(MlstmHeads > 0 && MlstmInnerWidth % MlstmHeads == 0, "mlstm_block.mlstm.num_heads", MlstmHeads, inner);
            Require(QkvBlockSize > 0 && MlstmInnerWidth % QkvBlockSize == 0, "mlstm_block.mlstm.qkv_proj_blocksize", QkvBlockSize, inner);
            Require(MlstmConvKernel > 0, "mlstm_block.mlstm.conv1d_kernel_size", MlstmConvKernel, "at least 1");
        }
    }
}
