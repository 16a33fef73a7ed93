using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels;

/// <summary>Tests that need a GPU that runs this project's kernels.</summary>
internal static class Gpu
{
    /// <summary>Skips the test on other machines, with the reason.</summary>
    internal static void Require() => Assert.SkipWhen(Distil.Trainer.Kernels.CudaRuntime.UnavailableReason is not null,
        $"no GPU for this project's kernels: {Distil.Trainer.Kernels.CudaRuntime.UnavailableReason}");

    /// <summary>‖actual − expected‖ / ‖expected‖, in float64.</summary>
    internal static double RelativeError(Tensor actual, Tensor expected)
    {
        using var scope = NewDisposeScope();
        var wanted = expected.to(ScalarType.Float64).cpu();
        return ((actual.to(ScalarType.Float64).cpu() - wanted).norm() / wanted.norm()).item<double>();
    }
}
