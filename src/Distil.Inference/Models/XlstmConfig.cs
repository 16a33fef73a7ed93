using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Inference.Models;

/// <summary>Shape of an xLSTM student, as in the authors' config.json (read and written by <see cref="XlstmConfigFile"/>).</summary>
public sealed partial record XlstmConfig
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
}
