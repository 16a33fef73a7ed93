using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;

namespace Distil.Inference.Tests.Engines;

/// <summary>Writes a linearised student with random weights to a folder, without torch.</summary>
internal static class RandomLinearised
{
    /// <summary>A purely recurrent student whose sizes fill no vectors.</summary>
    internal static readonly LinearisedShape Recurrent = new()
    {
        Transformer = new()
        {
            Family = TransformerFamily.Qwen3, VocabularySize = 203, HiddenSize = 72, IntermediateSize = 100, Layers = 3, Heads = 6, KeyValueHeads = 3,
            HeadSize = 20, MaxPositions = 512,
        },
        ContextLength = 64, Window = 0,
    };

    /// <summary>A student with a window, sinks, both features and an output gate.</summary>
    internal static readonly LinearisedShape Windowed = Recurrent with
    {
        Transformer = Recurrent.Transformer with
        {
            Family = TransformerFamily.Llama, HeadSize = 16, RopeScaling = new Llama3Scaling(8, 1, 4, 64), QueryKeyValueBias = true, OutputBias = true,
            FeedForwardBias = true, TiedHead = true,
        },
        Window = 7, Sinks = 3, FeatureMap = FeatureMap.Both, OutputGate = true,
    };

    /// <summary>A student whose second layer keeps attention.</summary>
    internal static readonly LinearisedShape Hybrid = Windowed with
    {
        Transformer = Recurrent.Transformer with { Family = TransformerFamily.Qwen2, QueryKeyValueBias = true }, FeatureMap = FeatureMap.Softmax, Sinks = 0, KeepAttention = [1],
    };

    /// <summary>Writes config.json and model.safetensors.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="bfloat16">Whether the weights are bfloat16 instead of float32.</param>
    /// <param name="repeated">As for <see cref="RandomWeights.Write"/>.</param>
    /// <returns>The folder.</returns>
    internal static string Write(LinearisedShape shape, int seed = 1, bool bfloat16 = false, bool repeated = false)
    {
        var folder = Directory.CreateTempSubdirectory("distil-student-").FullName;
        LinearisedConfigFile.Write(folder, shape);
        RandomWeights.Write(
            folder, TransformerTensors.Of(shape.Transformer).Concat(MixerTensors.Of(shape)).Select(tensor => (tensor.Name, tensor.Shape, Scale(tensor), Shift(tensor))),
            seed, bfloat16, repeated);
        return folder;
    }

    // Projections keep the size of what they project.
    private static double Scale(ModelTensor tensor) => tensor.IsNorm ? 0.2
        : tensor.IsBias || tensor.Name == TransformerTensors.Embedding ? 1
        : 1.7 / Math.Sqrt(tensor.Shape[^1]);

    private static double Shift(ModelTensor tensor) => tensor.IsNorm ? 1 : tensor.Name.EndsWith(MixerTensors.ForgetBias, StringComparison.Ordinal) ? 3 : 0;
}
