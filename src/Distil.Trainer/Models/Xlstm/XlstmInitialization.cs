using Distil.Inference.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>Initial weights of a student, as in the reference.</summary>
internal static class XlstmInitialization
{
    /// <summary>Creates one weight on the CPU, so that a seed gives the same weights on every device.</summary>
    internal static Tensor Make(XlstmParameter parameter, XlstmConfig config, Generator random)
    {
        using var scope = NewDisposeScope();
        var value = empty(parameter.Shape, ScalarType.Float32);
        return (parameter.Start switch
        {
            Initializer.Zero => value.zero_(),
            Initializer.One => value.fill_(1),
            Initializer.Small => value.normal_(0, Math.Sqrt(2 / (5.0 * config.Width)), random),
            Initializer.Wang => value.normal_(0, 2.0 / config.Blocks / Math.Sqrt(config.Width), random),
            Initializer.Convolution => Uniform(value, ConvolutionBound(config, parameter.Block), random),
            Initializer.InputGateBias => value.normal_(0, 0.1, random),
            Initializer.MlstmForgetBias => linspace(3, 6, config.MlstmHeads, ScalarType.Float32),
            _ => SlstmBias(config, parameter.Block),
        }).MoveToOuterDisposeScope();
    }

    private static Tensor Uniform(Tensor value, double bound, Generator random) => value.uniform_(-bound, bound, random);

    private static double ConvolutionBound(XlstmConfig config, int block) =>
        1 / Math.Sqrt(config.IsSlstm(block) ? config.SlstmConvKernel : config.MlstmConvKernel);

    /// <summary>b(f, j) = −(−5 + 12 · (j / (DH − 1))^(0.3 + 1.3 · block / (blocks − 1))), the other gates 0; heads first, (NH · 4 · DH).</summary>
    private static Tensor SlstmBias(XlstmConfig config, int block)
    {
        var size = config.Width / config.SlstmHeads;
        var exponent = 0.3 + 1.3 * (config.Blocks > 1 ? block / (config.Blocks - 1.0) : 0);
        var bias = zeros([config.SlstmHeads, 4, size], ScalarType.Float32);
        var forget = Enumerable.Range(0, size).Select(j => (float)(5 - 12 * Math.Pow(size > 1 ? j / (size - 1.0) : 0, exponent))).ToArray();
        bias.select(1, 1).copy_(tensor(forget));
        return bias.flatten();
    }
}
