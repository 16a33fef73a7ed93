using Distil.Inference.Models;
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
    /// <summary>From a block's weights by name.</summary>
    internal static MLstmWeights Of(Func<string, Tensor> named) => new(
        new(named(MLstmTensorNames.Norm), named(MLstmTensorNames.Up), new(named(MLstmTensorNames.Convolution), named(MLstmTensorNames.ConvolutionBias))),
        new(named(MLstmTensorNames.Query), named(MLstmTensorNames.Key), named(MLstmTensorNames.Value), named(MLstmTensorNames.InputGate), named(MLstmTensorNames.ForgetGate),
            named(MLstmTensorNames.InputBias), named(MLstmTensorNames.ForgetBias), named(MLstmTensorNames.HeadNorm), named(MLstmTensorNames.Skip)),
        named(MLstmTensorNames.Down));

    /// <summary>Names, shapes and initial values, in the order of a model folder.</summary>
    internal static IEnumerable<XlstmParameter> Parameters(XlstmConfig config, int block)
    {
        long width = config.Width, inner = config.MlstmInnerWidth, heads = config.MlstmHeads, size = config.QkvBlockSize;
        return
        [
            new(MLstmTensorNames.Norm, block, Initializer.Zero, width),
            new(MLstmTensorNames.Up, block, Initializer.Small, 2 * inner, width),
            new(MLstmTensorNames.Convolution, block, Initializer.Convolution, inner, 1, config.MlstmConvKernel),
            new(MLstmTensorNames.ConvolutionBias, block, Initializer.Convolution, inner),
            new(MLstmTensorNames.Query, block, Initializer.Small, inner / size, size, size),
            new(MLstmTensorNames.Key, block, Initializer.Small, inner / size, size, size),
            new(MLstmTensorNames.Value, block, Initializer.Small, inner / size, size, size),
            new(MLstmTensorNames.InputGate, block, Initializer.Zero, heads, 3 * inner),
            new(MLstmTensorNames.InputBias, block, Initializer.InputGateBias, heads),
            new(MLstmTensorNames.ForgetGate, block, Initializer.Zero, heads, 3 * inner),
            new(MLstmTensorNames.ForgetBias, block, Initializer.MlstmForgetBias, heads),
            new(MLstmTensorNames.HeadNorm, block, Initializer.Zero, inner),
            new(MLstmTensorNames.Skip, block, Initializer.One, inner),
            new(MLstmTensorNames.Down, block, Initializer.Wang, width, inner),
        ];
    }
}
