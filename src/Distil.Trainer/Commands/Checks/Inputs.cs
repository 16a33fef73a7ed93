using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>Random inputs of checks.</summary>
internal static class Inputs
{
    /// <summary>float32 on the GPU, normal.</summary>
    /// <param name="scale">Standard deviation.</param>
    /// <param name="shape">Its shape.</param>
    internal static Tensor Single(double scale, params long[] shape) => randn(shape, ScalarType.Float32, CUDA) * scale;

    /// <summary>As <see cref="Single"/>, rounded to bfloat16.</summary>
    internal static Tensor Half(double scale, params long[] shape) => Single(scale, shape).to(ScalarType.BFloat16);

    /// <summary>As <see cref="Single"/>, on the CPU.</summary>
    internal static Tensor OnCpu(double scale, params long[] shape) => randn(shape, ScalarType.Float32) * scale;
}
