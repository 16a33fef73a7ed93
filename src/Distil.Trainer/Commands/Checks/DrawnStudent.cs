using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>A linearised student of random weights.</summary>
internal static class DrawnStudent
{
    /// <summary>A student of some weights.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="x">Its weights, in the order of <see cref="Tensors"/>.</param>
    /// <param name="rounds">Whether it computes in bfloat16, with its kernels.</param>
    internal static LinearisedModel Of(LinearisedShape shape, Tensor[] x, bool rounds)
    {
        var model = LinearisedModel.Of(shape, new Given(Tensors(shape), x), trainEmbedding: false, CUDA);
        if (rounds)
        {
            model.UseBFloat16();
        }

        return model;
    }

    /// <summary>Its weights.</summary>
    internal static ModelTensor[] Tensors(LinearisedShape shape) => [.. TransformerTensors.Of(shape.Transformer), .. MixerTensors.Of(shape)];

    /// <summary>A random value of a weight, of the size that trained weights have.</summary>
    internal static Tensor Draw(ModelTensor weight)
    {
        Tensor Noise(double scale) => Inputs.Single(scale, weight.Shape);
        bool Is(string name) => weight.Name.EndsWith(name, StringComparison.Ordinal);
        return Is(MixerTensors.QueryFeatures) || Is(MixerTensors.KeyFeatures) ? eye(weight.Shape[1], device: CUDA) + Noise(0.1)
            : Is(MixerTensors.ForgetBias) ? Noise(1) + 3
            : weight.IsNorm ? Noise(0.1) + 1
            : weight.Shape.Length == 1 ? Noise(0.5)
            : weight.Name == TransformerTensors.Embedding ? Noise(1)
            : Noise(1 / Math.Sqrt(weight.Shape[1]));
    }

    private sealed class Given(ModelTensor[] tensors, Tensor[] values) : IWeightSource
    {
        public Tensor Get(ModelTensor weight) => values[Array.FindIndex(tensors, tensor => tensor.Name == weight.Name)];
    }
}
