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
    /// <summary>Name of R and of b in a model folder: their layout there varies.</summary>
    internal const string RecurrentName = "xlstm.slstm_cell._recurrent_kernel_", RecurrentBiasName = "xlstm.slstm_cell._bias_";

    private const string NormName = "xlstm_norm.weight", ConvolutionName = "xlstm.conv1d.conv.weight",
        ConvolutionBiasName = "xlstm.conv1d.conv.bias", InputGateName = "xlstm.fgate.weight", ForgetGateName = "xlstm.igate.weight",
        CellGateName = "xlstm.zgate.weight", OutputGateName = "xlstm.ogate.weight", HeadNormName = "xlstm.group_norm.weight",
        FeedForwardNormName = "ffn_norm.weight", FeedForwardUpName = "ffn.proj_up.weight", FeedForwardDownName = "ffn.proj_down.weight";

    /// <summary>From a block's weights by name.</summary>
    internal static SLstmWeights Of(Func<string, Tensor> named) => new(
        named(NormName), new(named(ConvolutionName), named(ConvolutionBiasName)), named(InputGateName),
        named(ForgetGateName), named(CellGateName), named(OutputGateName),
        named(RecurrentName), named(RecurrentBiasName), named(HeadNormName),
        new(named(FeedForwardNormName), named(FeedForwardUpName), named(FeedForwardDownName)));

    /// <summary>Names, shapes and initial values, in the order of a model folder.</summary>
    internal static IEnumerable<XlstmParameter> Parameters(XlstmConfig config, int block)
    {
        long width = config.Width, heads = config.SlstmHeads, size = width / heads;
        return
        [
            new(NormName, block, Initializer.Zero, width),
            new(ConvolutionName, block, Initializer.Convolution, width, 1, config.SlstmConvKernel),
            new(ConvolutionBiasName, block, Initializer.Convolution, width),
            new(InputGateName, block, Initializer.Small, heads, size, size),
            new(ForgetGateName, block, Initializer.Small, heads, size, size),
            new(CellGateName, block, Initializer.Small, heads, size, size),
            new(OutputGateName, block, Initializer.Small, heads, size, size),
            new(RecurrentName, block, Initializer.Zero, heads, size, 4 * size),
            new(RecurrentBiasName, block, Initializer.SlstmBias, 4 * width),
            new(HeadNormName, block, Initializer.Zero, width),
            new(FeedForwardNormName, block, Initializer.Zero, width),
            new(FeedForwardUpName, block, Initializer.Small, 2 * config.FeedForwardWidth, width),
            new(FeedForwardDownName, block, Initializer.Wang, width, config.FeedForwardWidth),
        ];
    }

    /// <summary>Weights of the gates i and f side by side, (NH, 2·DH, DH).</summary>
    internal Tensor InputForget() => cat([InputGate, ForgetGate], 1);

    /// <summary>Weights of the gates z and o side by side, (NH, 2·DH, DH).</summary>
    internal Tensor CellOutput() => cat([CellGate, OutputGate], 1);
}
