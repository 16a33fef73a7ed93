using Distil.Trainer.Kernels;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>SiLU of a causal depthwise convolution: each channel sees its own last K positions.</summary>
/// <param name="weights">Weights of the convolution.</param>
/// <param name="form">The form of the convolution of a whole sequence.</param>
/// <param name="result">Element type of the result; sums are float32.</param>
internal sealed class CausalConvolution(ConvolutionWeights weights, Func<ConvolutionInputs, Tensor> form, ScalarType result)
{
    private readonly int _kernel = (int)weights.Weight.shape[2];

    /// <summary>Chooses the form.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="weights">Weights of the convolution.</param>
    /// <param name="source">Element type of its input.</param>
    /// <param name="result">Element type of the result.</param>
    internal static Choice<Func<ConvolutionInputs, Tensor>> Choose(
        Backend backend, ConvolutionWeights weights, ScalarType source, ScalarType result) => backend.Choose<Func<ConvolutionInputs, Tensor>>(
        Operation.Convolution, source, inputs => Plain(inputs, result),
        new(Kernel.ConvolutionCpu, CpuConvolution.Instance.Forward),
        new(Kernel.ConvolutionCuda, CudaConvolution.Instance.Forward, () => CudaConvolution.Limit(weights.Weight)));

    /// <summary>A whole sequence from its start, with zeros before it.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return form(new(x, weights.Weight, weights.Bias)).to(result).MoveToOuterDisposeScope();
    }

    /// <summary>Further positions of a sequence.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="tail">The last K − 1 inputs before them, (B, K − 1, D); advanced.</param>
    internal Tensor Forward(Tensor x, ref Tensor tail)
    {
        using var scope = NewDisposeScope();
        var seen = cat([tail, x], 1);
        tail.Dispose();
        tail = seen.narrow(1, seen.shape[1] - (_kernel - 1), _kernel - 1).clone().DetachFromDisposeScope();
        return Forward(seen).narrow(1, _kernel - 1, x.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>The inputs before a sequence's first: zeros, in no dispose scope.</summary>
    /// <param name="batch">B.</param>
    /// <param name="source">Element type of the inputs.</param>
    internal Tensor StartTail(long batch, ScalarType source) =>
        zeros([batch, _kernel - 1, weights.Weight.shape[0]], source, weights.Weight.device).DetachFromDisposeScope();

    /// <summary>The plain form, as shifted products: y(t) = SiLU(b + Σₖ w(k) · x(t − K + 1 + k)).</summary>
    /// <param name="inputs">Inputs of any element type.</param>
    /// <param name="result">Element type of the result.</param>
    /// <returns>(B, S, D).</returns>
    internal static Tensor Plain(ConvolutionInputs inputs, ScalarType result)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = inputs;
        var (length, kernel) = (x.shape[1], weight.shape[2]);
        var padded = pad(x.to(weight.dtype), [0, 0, kernel - 1, 0]);
        var sum = bias;
        for (var k = 0; k < kernel; k++)
        {
            sum = addcmul(sum, padded.narrow(1, k, length), weight.select(2, k).squeeze(1), 1);
        }

        return silu(sum).to(result).MoveToOuterDisposeScope();
    }
}

/// <summary>The weights of a causal depthwise convolution, float32.</summary>
/// <param name="Weight">(D, 1, K), the newest position last.</param>
/// <param name="Bias">(D).</param>
internal sealed record ConvolutionWeights(Tensor Weight, Tensor Bias);
