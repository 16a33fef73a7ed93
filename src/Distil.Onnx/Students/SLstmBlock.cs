using Distil.Inference.Models;
using Distil.Onnx.Graphs;

namespace Distil.Onnx.Students;

/// <summary>x + sLSTM(norm(x)), then x + feed-forward(norm(x)) (xLSTM, arXiv 2405.04517, figure 9).</summary>
internal static class SLstmBlock
{
    /// <inheritdoc cref="MLstmBlock.Add"/>
    internal static Value Add(TextGraph text, XlstmWeights weights, XlstmConfig config, int block, Value x)
    {
        long width = config.Width, inner = config.FeedForwardWidth, heads = config.SlstmHeads, size = width / heads;
        string Of(string name) => XlstmTensorNames.OfBlock(block, name);
        var normed = Norms.Layer(x, weights.Norm(Of(SLstmTensorNames.Norm), width));
        var convolved = Convolution.Add(
            text, block, normed, weights.Taps(Of(SLstmTensorNames.Convolution), width, config.SlstmConvKernel),
            weights.Floats(Of(SLstmTensorNames.ConvolutionBias), width), width);

        Value Gates(Value from, string first, string second) =>
            from.Reshape(-1, heads, size).Transpose(1, 0, 2).MatMul(weights.Blocks(heads, size, Of(first), Of(second))).Transpose(1, 0, 2); // (N, NH, 2·DH)
        var gates = Value.Concat(
            2, Gates(convolved, SLstmTensorNames.InputGate, SLstmTensorNames.ForgetGate),
            Gates(normed, SLstmTensorNames.CellGate, SLstmTensorNames.OutputGate));
        var (kernel, bias) = weights.Recurrence(block, heads, size);
        var hidden = SLstmScan.Add(text, block, heads, size, text.Split(gates + bias, heads, 4 * size), kernel);
        x += Norms.Heads(hidden, weights.Norm(Of(SLstmTensorNames.HeadNorm), width), heads, size);

        var up = weights.Multiply(
            Of(SLstmTensorNames.FeedForwardUp), 2 * inner, width, Norms.Layer(x, weights.Norm(Of(SLstmTensorNames.FeedForwardNorm), width))).Split(1, 2);
        return x + weights.Multiply(Of(SLstmTensorNames.FeedForwardDown), width, inner, Activation(config.FeedForwardActivation, up[0]) * up[1]);
    }

    private static Value Activation(string name, Value x) => name switch
    {
        "gelu" => x.Gelu(),
        "relu" => x.Relu(),
        "relu^2" => x.Relu() * x.Relu(),
        "sigmoid" => x.Sigmoid(),
        "swish" => x.Silu(),
        "selu" => x.Selu(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, $"expected one of {string.Join(", ", XlstmConfig.ActivationNames)}"),
    };
}
