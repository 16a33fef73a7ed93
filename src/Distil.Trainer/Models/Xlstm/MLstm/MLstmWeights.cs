using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>The weights of an mLSTM block, float32.</summary>
/// <param name="Up">Weights of the norm, the projection up and the convolution.</param>
/// <param name="Cell">Weights of the cell.</param>
/// <param name="Down">Weight of the projection down, (D, I).</param>
internal sealed record MLstmWeights(MLstmUpWeights Up, MLstmCellWeights Cell, Tensor Down)
{
    private const string NormName = "xlstm_norm.weight", UpName = "xlstm.proj_up.weight",
        ConvolutionName = "xlstm.conv1d.conv.weight", ConvolutionBiasName = "xlstm.conv1d.conv.bias",
        QueryName = "xlstm.q_proj.weight", KeyName = "xlstm.k_proj.weight", ValueName = "xlstm.v_proj.weight", InputGateName = "xlstm.mlstm_cell.igate.weight",
        InputBiasName = "xlstm.mlstm_cell.igate.bias", ForgetGateName = "xlstm.mlstm_cell.fgate.weight", ForgetBiasName = "xlstm.mlstm_cell.fgate.bias",
        HeadNormName = "xlstm.mlstm_cell.outnorm.weight", SkipName = "xlstm.learnable_skip", DownName = "xlstm.proj_down.weight";

    /// <summary>From a block's weights by name.</summary>
    internal static MLstmWeights Of(Func<string, Tensor> named) => new(
        new(named(NormName), named(UpName), new(named(ConvolutionName), named(ConvolutionBiasName))),
        new(named(QueryName), named(KeyName), named(ValueName), named(InputGateName), named(ForgetGateName),
            named(InputBiasName), named(ForgetBiasName), named(HeadNormName), named(SkipName)),
        named(DownName));

    /// <summary>Names, shapes and initial values, in the order of a model folder.</summary>
    internal static IEnumerable<XlstmParameter> Parameters(XlstmConfig config, int block)
    {
        long width = config.Width, inner = config.MlstmInnerWidth, heads = config.MlstmHeads, size = config.QkvBlockSize;
        return
        [
            new(NormName, block, Initializer.Zero, width),
            new(UpName, block, Initializer.Small, 2 * inner, width),
            new(ConvolutionName, block, Initializer.Convolution, inner, 1, config.MlstmConvKernel),
            new(ConvolutionBiasName, block, Initializer.Convolution, inner),
            new(QueryName, block, Initializer.Small, inner / size, size, size),
            new(KeyName, block, Initializer.Small, inner / size, size, size),
            new(ValueName, block, Initializer.Small, inner / size, size, size),
            new(InputGateName, block, Initializer.Zero, heads, 3 * inner),
            new(InputBiasName, block, Initializer.InputGateBias, heads),
            new(ForgetGateName, block, Initializer.Zero, heads, 3 * inner),
            new(ForgetBiasName, block, Initializer.MlstmForgetBias, heads),
            new(HeadNormName, block, Initializer.Zero, inner),
            new(SkipName, block, Initializer.One, inner),
            new(DownName, block, Initializer.Wang, width, inner),
        ];
    }
}
