using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels;

public sealed class CudaRuntimeTests
{
    [Fact]
    public void A_tensor_on_the_CPU_takes_no_kernel_and_warns_of_nothing()
    {
        using var tensor = zeros(1);
        Assert.False(CudaRuntime.Use(tensor, "a kernel", "it is slow"));
    }

    [Fact]
    public void Says_what_stands_in_the_way()
    {
        Assert.SkipWhen(cuda.is_available(), "a CUDA GPU is present");
        Assert.Contains("torch finds no CUDA GPU", CudaRuntime.UnavailableReason, StringComparison.Ordinal);
    }
}
