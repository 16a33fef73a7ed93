using Distil.Inference.Models;
using Distil.Onnx.Graphs;

namespace Distil.Onnx.Students;

/// <summary>x + mLSTM(norm(x)) (xLSTM, arXiv 2405.04517, figure 10).</summary>
internal static class MLstmBlock
{
    /// <summary>Adds a block.</summary>
    /// <param name="text">The graph.</param>
    /// <param name="weights">The student's weights.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="block">The block's number.</param>
    /// <param name="x">(N, D).</param>
    internal static Value Add(TextGraph text, XlstmWeights weights, XlstmConfig config, int block, Value x)
    {
        long width = config.Width, inner = config.MlstmInnerWidth, heads = config.MlstmHeads, size = inner / heads;
        string Of(string name) => XlstmTensorNames.OfBlock(block, name);
        var normed = Norms.Layer(x, weights.Norm(Of(MLstmTensorNames.Norm), width));
        var up = weights.Multiply(Of(MLstmTensorNames.Up), 2 * inner, width, normed).Split(1, 2); // the cell's input, and the output's gate
        var convolved = Convolution.Add(
            text, block, up[0], weights.Taps(Of(MLstmTensorNames.Convolution), inner, config.MlstmConvKernel),
            weights.Floats(Of(MLstmTensorNames.ConvolutionBias), inner), inner);

        Value Project(Value from, string name)
        {
            var (blocks, part) = (inner / config.QkvBlockSize, config.QkvBlockSize);
            return from.Reshape(-1, blocks, part).Transpose(1, 0, 2).MatMul(weights.Blocks(blocks, part, Of(name))).Transpose(1, 0, 2).Reshape(-1, inner);
        }

        var (q, k, v) = (Project(convolved, MLstmTensorNames.Query), Project(convolved, MLstmTensorNames.Key), Project(up[0], MLstmTensorNames.Value));
        var gates = text.Builder.Add(
            "Gemm",
            [
                Value.Concat(1, q, k, v), weights.Stacked(Of(MLstmTensorNames.InputGate), Of(MLstmTensorNames.ForgetGate), heads, 3 * inner),
                weights.Stacked(Of(MLstmTensorNames.InputBias), Of(MLstmTensorNames.ForgetBias), heads),
            ],
            ("transB", 1L)); // (N, 2·NH)
        var sides = text.Split(gates, 2 * heads).Transpose(0, 2, 1).Split(1, 2); // (B, NH, T) each
        Value Heads(Value rows) => text.Split(rows, heads, size).Transpose(0, 2, 1, 3);
        var read = MatrixMemory.Add(text, block, heads, size, size, new(Heads(q), Heads(k), Heads(v), sides[0], sides[1]), isStart: null);

        var normedHeads = Norms.Heads(read.Transpose(0, 2, 1, 3), weights.Norm(Of(MLstmTensorNames.HeadNorm), inner), heads, size);
        var mixed = normedHeads + convolved * weights.Floats(Of(MLstmTensorNames.Skip), inner);
        return x + weights.Multiply(Of(MLstmTensorNames.Down), width, inner, mixed * up[1].Silu());
    }
}
