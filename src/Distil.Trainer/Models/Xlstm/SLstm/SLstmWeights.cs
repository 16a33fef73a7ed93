using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>The weights of an sLSTM block, float32.</summary>
/// <param name="Norm">Weight of the block's norm, (D).</param>
/// <param name="Convolution">Before the gates i and f.</param>
/// <param name="InputGate">(NH, DH, DH), as the other gates. Its name in a model folder is fgate: the reference feeds the input gate from it.</param>
/// <param name="ForgetGate">Its name in a model folder is igate.</param>
/// <param name="CellGate">Weight of z.</param>
/// <param name="OutputGate">Weight of o.</param>
/// <param name="Recurrent">R, (NH, DH, 4·DH).</param>
/// <param name="RecurrentBias">b, (NH · 4 · DH).</param>
/// <param name="HeadNorm">Weight of the norm per head, (D).</param>
/// <param name="FeedForward">The block's second half.</param>
internal sealed record SLstmWeights(
    Tensor Norm, ConvolutionWeights Convolution, Tensor InputGate, Tensor ForgetGate, Tensor CellGate,
    Tensor OutputGate, Tensor Recurrent, Tensor RecurrentBias, Tensor HeadNorm,
    FeedForwardWeights FeedForward)
{
    /// <summary>From a block's weights by name.</summary>
    internal static SLstmWeights Of(Func<string, Tensor> named) => new(
        named(SLstmTensorNames.Norm), new(named(SLstmTensorNames.Convolution), named(SLstmTensorNames.ConvolutionBias)), named(SLstmTensorNames.InputGate),
        named(SLstmTensorNames.ForgetGate), named(SLstmTensorNames.CellGate), named(SLstmTensorNames.OutputGate),
        named(SLstmTensorNames.Recurrent), named(SLstmTensorNames.RecurrentBias), named(SLstmTensorNames.HeadNorm),
        new(named(SLstmTensorNames.FeedForwardNorm), named(SLstmTensorNames.FeedForwardUp), named(SLstmTensorNames.FeedForwardDown)));

    /// <summary>Names, shapes and initial values, in the order of a model folder.</summary>
    internal static IEnumerable<XlstmParameter> Parameters(XlstmConfig config, int block)
    {
        long width = config.Width, heads = config.SlstmHeads, size = width / heads;
        return
        [
            new(SLstmTensorNames.Norm, block, Initializer.Zero, width),
            new(SLstmTensorNames.Convolution, block, Initializer.Convolution, width, 1, config.SlstmConvKernel),
            new(SLstmTensorNames.ConvolutionBias, block, Initializer.Convolution, width),
            new(SLstmTensorNames.InputGate, block, Initializer.Small, heads, size, size),
            new(SLstmTensorNames.ForgetGate, block, Initializer.Small, heads, size, size),
            new(SLstmTensorNames.CellGate, block, Initializer.Small, heads, size, size),
            new(SLstmTensorNames.OutputGate, block, Initializer.Small, heads, size, size),
            new(SLstmTensorNames.Recurrent, block, Initializer.Zero, heads, size, 4 * size),
            new(SLstmTensorNames.RecurrentBias, block, Initializer.SlstmBias, 4 * width),
            new(SLstmTensorNames.HeadNorm, block, Initializer.Zero, width),
            new(SLstmTensorNames.FeedForwardNorm, block, Initializer.Zero, width),
            new(SLstmTensorNames.FeedForwardUp, block, Initializer.Small, 2 * config.FeedForwardWidth, width),
            new(SLstmTensorNames.FeedForwardDown, block, Initializer.Wang, width, config.FeedForwardWidth),
        ];
    }

    /// <summary>Weights of the gates i and f side by side, (NH, 2·DH, DH).</summary>
    internal Tensor InputForget() => cat([InputGate, ForgetGate], 1);

    /// <summary>Weights of the gates z and o side by side, (NH, 2·DH, DH).</summary>
    internal Tensor CellOutput() => cat([CellGate, OutputGate], 1);
}
