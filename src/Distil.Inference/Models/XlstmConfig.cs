using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Inference.Models;

/// <summary>Shape of an xLSTM student, as in the authors' config.json (read and written by <see cref="XlstmConfigFile"/>).</summary>
public sealed record XlstmConfig
{
    /// <value>The activations that a feed-forward network can have.</value>
    public static IReadOnlyList<string> ActivationNames { get; } = ["gelu", "relu", "relu^2", "sigmoid", "swish", "selu"];

    /// <value>V, the number of rows of embedding and head.</value>
    public required int VocabularySize { get; init; }

    /// <value>Number of positions in training; the student can read more.</value>
    public required int ContextLength { get; init; }

    /// <value>Number of blocks in the stack, ≥ 1.</value>
    public required int Blocks { get; init; }

    /// <value>D, the width.</value>
    public required int Width { get; init; }

    /// <value>Indices, from 0, of the sLSTM blocks; the others are mLSTM.</value>
    public required IReadOnlyList<int> SlstmAt { get; init; }

    /// <value>Number of heads of an mLSTM block; divides its inner width. Default 4, the reference's.</value>
    public int MlstmHeads { get; init; } = 4;

    /// <value>Number of heads of an sLSTM block; divides the width. Default 4, the reference's.</value>
    public int SlstmHeads { get; init; } = 4;

    /// <value>Positions that an mLSTM block's convolution sees, ≥ 1. Default 4.</value>
    public int MlstmConvKernel { get; init; } = 4;

    /// <value>Positions that an sLSTM block's convolution sees, ≥ 1. Default 4.</value>
    public int SlstmConvKernel { get; init; } = 4;

    /// <value>Width of a block of the q, k and v matrices; divides the inner width. Default 4, the reference's.</value>
    public int QkvBlockSize { get; init; } = 4;

    /// <value>Inner width of an mLSTM block divided by D, before rounding up to 64. Default 2.</value>
    public double MlstmProjFactor { get; init; } = 2;

    /// <value>Inner width of the feed-forward network divided by D, before rounding up to 64. Default 1.3, the reference's; the paper uses 1.7.</value>
    public double FeedForwardProjFactor { get; init; } = 1.3;

    /// <value>Activation of the feed-forward network: gelu (default), relu, relu^2, sigmoid, swish or selu.</value>
    public string FeedForwardActivation { get; init; } = "gelu";

    /// <value>Layout of the sLSTM's recurrent weights in a saved checkpoint; the config calls it <c>backend</c>. Default cuda, as in the published
    /// checkpoints.</value>
    public RecurrentLayout Layout { get; init; } = RecurrentLayout.Cuda;

    /// <value>Token that pads rows; null if the config names none.</value>
    public int? PadTokenId { get; init; }

    /// <value>Whether the head shares the embedding's matrix, which is then stored once.</value>
    public bool TieWeights { get; init; }

    /// <value>I, the inner width of an mLSTM block.</value>
    public int MlstmInnerWidth => StudentShape.ProjectedWidth(MlstmProjFactor, Width);

    /// <value>F, the inner width of the feed-forward network.</value>
    public int FeedForwardWidth => StudentShape.ProjectedWidth(FeedForwardProjFactor, Width);

    /// <summary>The configuration of a run's student.</summary>
    /// <param name="shape">Its shape, as planned.</param>
    /// <param name="spec">The factors that its inner widths were rounded up from: config.json contains the factors.</param>
    /// <param name="contextLength">Tokens in a row.</param>
    public static XlstmConfig Of(StudentShape shape, StudentSpec spec, int contextLength) => new()
    {
        VocabularySize = shape.VocabularySize,
        ContextLength = contextLength,
        Blocks = shape.Blocks,
        Width = shape.Width,
        SlstmAt = shape.SlstmAt,
        MlstmHeads = shape.Heads,
        SlstmHeads = shape.Heads,
        MlstmConvKernel = shape.ConvKernel,
        SlstmConvKernel = shape.ConvKernel,
        QkvBlockSize = shape.QkvBlockSize,
        MlstmProjFactor = spec.ProjFactor,
        FeedForwardProjFactor = spec.FfnProjFactor,
    };

    /// <summary>Whether a block is sLSTM.</summary>
    public bool IsSlstm(int block) => SlstmAt.Contains(block);

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
