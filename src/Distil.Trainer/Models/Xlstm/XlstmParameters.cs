namespace Distil.Trainer.Models.Xlstm;

/// <summary>How a weight starts (method: the reference's initialisation for distillation).</summary>
internal enum Initializer
{
    /// <summary>0.</summary>
    Zero,

    /// <summary>1.</summary>
    One,

    /// <summary>Normal, std √(2 / (5·D)).</summary>
    Small,

    /// <summary>Normal, std 2 / blocks / √D.</summary>
    Wang,

    /// <summary>Uniform in ±1/√K, as torch starts a depthwise convolution.</summary>
    Convolution,

    /// <summary>Normal, std 0.1.</summary>
    InputGateBias,

    /// <summary>From 3 to 6 over the heads.</summary>
    MlstmForgetBias,

    /// <summary>0 but the forget gate's, which falls by a power law over the units of a head.</summary>
    SlstmBias,
}

/// <summary>A trainable weight.</summary>
/// <param name="Name">On disk, without the block's prefix.</param>
/// <param name="Block">Which block it belongs to; −1 for the norm after all of them.</param>
/// <param name="Start">How it starts.</param>
/// <param name="Shape">Its shape in memory.</param>
internal sealed record XlstmParameter(string Name, int Block, Initializer Start, params long[] Shape)
{
    /// <summary>The norm after the blocks.</summary>
    internal const string FinalNorm = "xlstm.backbone.post_blocks_norm.weight";

    /// <summary>Recurrent kernel and bias: their layout on disk varies.</summary>
    internal const string RecurrentKernel = "xlstm.slstm_cell._recurrent_kernel_", RecurrentBias = "xlstm.slstm_cell._bias_";

    /// <value>The whole name on disk.</value>
    internal string FullName => Block < 0 ? Name : $"xlstm.backbone.blocks.{Block}.{Name}";

    /// <value>Values in it.</value>
    internal long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>All trainable weights of a student, in the order of its blocks.</summary>
    internal static IReadOnlyList<XlstmParameter> Of(XlstmConfig config) =>
    [
        .. Enumerable.Range(0, config.Blocks).SelectMany(block => config.IsSlstm(block) ? Slstm(config, block) : Mlstm(config, block)),
        new(FinalNorm, -1, Initializer.Zero, config.Width),
    ];

    private static IEnumerable<XlstmParameter> Slstm(XlstmConfig config, int block)
    {
        long width = config.Width, heads = config.SlstmHeads, size = width / heads;
        return
        [
            new("xlstm_norm.weight", block, Initializer.Zero, width),
            new("xlstm.conv1d.conv.weight", block, Initializer.Convolution, width, 1, config.SlstmConvKernel),
            new("xlstm.conv1d.conv.bias", block, Initializer.Convolution, width),
            new("xlstm.fgate.weight", block, Initializer.Small, heads, size, size),
            new("xlstm.igate.weight", block, Initializer.Small, heads, size, size),
            new("xlstm.zgate.weight", block, Initializer.Small, heads, size, size),
            new("xlstm.ogate.weight", block, Initializer.Small, heads, size, size),
            new(RecurrentKernel, block, Initializer.Zero, heads, size, 4 * size),
            new(RecurrentBias, block, Initializer.SlstmBias, 4 * width),
            new("xlstm.group_norm.weight", block, Initializer.Zero, width),
            new("ffn_norm.weight", block, Initializer.Zero, width),
            new("ffn.proj_up.weight", block, Initializer.Small, 2 * config.FeedForwardWidth, width),
            new("ffn.proj_down.weight", block, Initializer.Wang, width, config.FeedForwardWidth),
        ];
    }

    private static IEnumerable<XlstmParameter> Mlstm(XlstmConfig config, int block)
    {
        long width = config.Width, inner = config.MlstmInnerWidth, heads = config.MlstmHeads, size = config.QkvBlockSize;
        return
        [
            new("xlstm_norm.weight", block, Initializer.Zero, width),
            new("xlstm.proj_up.weight", block, Initializer.Small, 2 * inner, width),
            new("xlstm.conv1d.conv.weight", block, Initializer.Convolution, inner, 1, config.MlstmConvKernel),
            new("xlstm.conv1d.conv.bias", block, Initializer.Convolution, inner),
            new("xlstm.q_proj.weight", block, Initializer.Small, inner / size, size, size),
            new("xlstm.k_proj.weight", block, Initializer.Small, inner / size, size, size),
            new("xlstm.v_proj.weight", block, Initializer.Small, inner / size, size, size),
            new("xlstm.mlstm_cell.igate.weight", block, Initializer.Zero, heads, 3 * inner),
            new("xlstm.mlstm_cell.igate.bias", block, Initializer.InputGateBias, heads),
            new("xlstm.mlstm_cell.fgate.weight", block, Initializer.Zero, heads, 3 * inner),
            new("xlstm.mlstm_cell.fgate.bias", block, Initializer.MlstmForgetBias, heads),
            new("xlstm.mlstm_cell.outnorm.weight", block, Initializer.Zero, inner),
            new("xlstm.learnable_skip", block, Initializer.One, inner),
            new("xlstm.proj_down.weight", block, Initializer.Wang, width, inner),
        ];
    }
}
