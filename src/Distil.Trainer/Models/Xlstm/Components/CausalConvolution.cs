using Distil.Trainer.Kernels;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>SiLU of a causal depthwise convolution: each channel sees its own last K positions.</summary>
internal sealed class CausalConvolution(Tensor weight, Tensor bias)
{
    private readonly int _kernel = (int)weight.shape[2];

    /// <summary>A whole sequence from its start, zeros before it.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="result">Element type of the result; sums are float32.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Forward(Tensor x, ScalarType result)
    {
        using var scope = NewDisposeScope();
        var y = x.device_type == TorchSharp.DeviceType.CPU && x.dtype == ScalarType.Float32 && CudaRuntime.OnCpu ? CpuConvolution.Forward(x, weight, bias)
            : CudaConvolution.Serves(x, weight, result) ? CudaConvolution.Forward(x, weight, bias)
            : Plain(x, weight, bias, result);
        return y.to(result).MoveToOuterDisposeScope();
    }

    /// <summary>Further positions of a sequence.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="tail">The last K − 1 inputs before them, (B, K − 1, D); advanced.</param>
    /// <param name="result">As for a whole sequence.</param>
    internal Tensor Forward(Tensor x, ref Tensor tail, ScalarType result)
    {
        using var scope = NewDisposeScope();
        var seen = cat([tail, x], 1);
        tail.Dispose();
        tail = seen.narrow(1, seen.shape[1] - (_kernel - 1), _kernel - 1).clone().DetachFromDisposeScope();
        return Forward(seen, result).narrow(1, _kernel - 1, x.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>The inputs before a sequence's first: zeros, in no dispose scope.</summary>
    internal Tensor StartTail(long batch, ScalarType source) => zeros([batch, _kernel - 1, weight.shape[0]], source, weight.device).DetachFromDisposeScope();

    /// <summary>As shifted products: y(t) = SiLU(b + Σₖ w(k) · x(t − K + 1 + k)).</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="weight">float32, (D, 1, K), the newest position last.</param>
    /// <param name="bias">float32, (D).</param>
    /// <param name="result">As there.</param>
    /// <returns>(B, S, D).</returns>
    internal static Tensor Plain(Tensor x, Tensor weight, Tensor bias, ScalarType result)
    {
        using var scope = NewDisposeScope();
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
