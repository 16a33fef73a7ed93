using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels;

public sealed class CudaRuntimeTests
{
    [Fact]
    public void Gives_the_reason_why_no_kernel_can_run()
    {
        Assert.SkipWhen(cuda.is_available(), "a CUDA GPU is present");
        Assert.Contains("torch finds no CUDA GPU", CudaRuntime.UnavailableReason, StringComparison.Ordinal);
    }
}
