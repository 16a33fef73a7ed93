using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>The plain form of an mLSTM block's up-projection.</summary>
/// <param name="convolution">The form of its convolution.</param>
/// <param name="type">Element type of the results.</param>
internal sealed class MLstmUp(Func<ConvolutionInputs, Tensor> convolution, ScalarType type) : IMLstmUp
{
    /// <summary>Chooses the form.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="config">The student's shape.</param>
    /// <param name="weights">Weights of a block.</param>
    /// <param name="convolution">Convolution of x_m in float32.</param>
    /// <param name="type">Element type of the results.</param>
    internal static Choice<IMLstmUp> Choose(
        Backend backend, XlstmConfig config, MLstmUpWeights weights, Func<ConvolutionInputs, Tensor> convolution, ScalarType type) => backend.Choose<IMLstmUp>(
        Operation.MLstmUp, type, new MLstmUp(convolution, type),
        new Candidate<IMLstmUp>(
            Kernel.MLstmUpCuda, MLstmCudaUp.Instance, () => CudaLayerNorm.Limit(config.Width) ?? CudaConvolution.Limit(weights.Convolution.Weight)));

    /// <inheritdoc/>
    public MLstmUpOutputs Forward(MLstmUpInputs inputs)
    {
        var (inner, gate) = Project(inputs);
        return new(inner.to(type), gate, new CausalConvolution(inputs.Weights.Convolution, convolution, type).Forward(inner));
    }

    /// <inheritdoc/>
    public (Tensor Inner, Tensor Gate) Project(MLstmUpInputs inputs)
    {
        var normed = Norms.Layer(new(inputs.Stream, inputs.Weights.Norm), ScalarType.Float32);
        return (linear(normed, inputs.Weights.ToInner), linear(normed.to(type), inputs.Weights.ToGate.to(type)));
    }
}
