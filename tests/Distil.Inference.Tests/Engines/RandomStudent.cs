using Distil.Inference.Models;

namespace Distil.Inference.Tests.Engines;

/// <summary>Writes a student with random weights to a folder, without torch.</summary>
internal static class RandomStudent
{
    internal static readonly XlstmConfig Small = new()
    {
        VocabularySize = 203, ContextLength = 64, Blocks = 4, Width = 96, SlstmAt = [0, 2], MlstmHeads = 4, SlstmHeads = 4, FeedForwardProjFactor = 1.7,
    };

    /// <summary>Writes config.json and model.safetensors.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="bfloat16">Whether the weights are bfloat16 instead of float32.</param>
    /// <returns>The folder.</returns>
    internal static string Write(XlstmConfig config, int seed = 1, bool bfloat16 = false)
    {
        var folder = Directory.CreateTempSubdirectory("distil-student-").FullName;
        XlstmConfigFile.Write(config, folder);
        RandomWeights.Write(folder, Tensors(config), seed, bfloat16);
        return folder;
    }

    /// <summary>Names and shapes of a student's weights, and which values they have.</summary>
    internal static IEnumerable<(string Name, long[] Shape, double Scale, double Shift)> Tensors(XlstmConfig config)
    {
        long width = config.Width, inner = config.MlstmInnerWidth, feedForward = config.FeedForwardWidth, size = config.QkvBlockSize;
        (string, long[], double, double) Tensor(string name, double scale, params long[] shape) => (name, shape, scale, 0);
        yield return Tensor(XlstmTensorNames.Embedding, 1, config.VocabularySize, width);
        if (!config.TieWeights)
        {
            yield return Tensor(XlstmTensorNames.Head, 0.3, config.VocabularySize, width);
        }

        yield return Tensor(XlstmTensorNames.FinalNorm, 0.2, width);
        for (var block = 0; block < config.Blocks; block++)
        {
            (string, long[], double, double) Of(string name, double scale, params long[] shape) =>
                (XlstmTensorNames.OfBlock(block, name), shape, scale, name.Contains("fgate.bias", StringComparison.Ordinal) ? 3 : 0);
            if (config.IsSlstm(block))
            {
                long heads = config.SlstmHeads, head = width / heads;
                yield return Of(SLstmTensorNames.Norm, 0.2, width);
                yield return Of(SLstmTensorNames.Convolution, 0.5, width, 1, config.SlstmConvKernel);
                yield return Of(SLstmTensorNames.ConvolutionBias, 0.2, width);
                foreach (var gate in new[] { SLstmTensorNames.InputGate, SLstmTensorNames.ForgetGate, SLstmTensorNames.CellGate, SLstmTensorNames.OutputGate })
                {
                    yield return Of(gate, 1 / Math.Sqrt(head), heads, head, head);
                }

                yield return Of(SLstmTensorNames.Recurrent, 0.3 / Math.Sqrt(head), heads, head, 4 * head);
                yield return Of(SLstmTensorNames.RecurrentBias, 1, 4 * width);
                yield return Of(SLstmTensorNames.HeadNorm, 0.2, width);
                yield return Of(SLstmTensorNames.FeedForwardNorm, 0.2, width);
                yield return Of(SLstmTensorNames.FeedForwardUp, 1 / Math.Sqrt(width), 2 * feedForward, width);
                yield return Of(SLstmTensorNames.FeedForwardDown, 1 / Math.Sqrt(feedForward), width, feedForward);
            }
            else
            {
                yield return Of(MLstmTensorNames.Norm, 0.2, width);
                yield return Of(MLstmTensorNames.Up, 1 / Math.Sqrt(width), 2 * inner, width);
                yield return Of(MLstmTensorNames.Convolution, 0.5, inner, 1, config.MlstmConvKernel);
                yield return Of(MLstmTensorNames.ConvolutionBias, 0.2, inner);
                foreach (var name in new[] { MLstmTensorNames.Query, MLstmTensorNames.Key, MLstmTensorNames.Value })
                {
                    yield return Of(name, 1 / Math.Sqrt(size), inner / size, size, size);
                }

                yield return Of(MLstmTensorNames.InputGate, 0.5 / Math.Sqrt(inner), config.MlstmHeads, 3 * inner);
                yield return Of(MLstmTensorNames.InputBias, 1, config.MlstmHeads);
                yield return Of(MLstmTensorNames.ForgetGate, 0.5 / Math.Sqrt(inner), config.MlstmHeads, 3 * inner);
                yield return Of(MLstmTensorNames.ForgetBias, 1, config.MlstmHeads);
                yield return Of(MLstmTensorNames.HeadNorm, 0.2, inner);
                yield return Of(MLstmTensorNames.Skip, 1, inner);
                yield return Of(MLstmTensorNames.Down, 1 / Math.Sqrt(inner), width, inner);
            }
        }
    }
}
