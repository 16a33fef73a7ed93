using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels.Launching;

public sealed class KernelArgumentTests
{
    [Fact]
    public void Refuses_tensors_that_a_kernel_would_misread()
    {
        using var scope = NewDisposeScope();
        var matrix = zeros(3, 4);
        Assert.Contains("dense", Assert.Throws<ArgumentException>(() => { KernelArgument argument = matrix.t(); }).Message, StringComparison.Ordinal);
        Assert.Contains("cpu", Assert.Throws<ArgumentException>(() => { KernelArgument argument = matrix; }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Holds_numbers_in_its_low_bytes_as_the_driver_reads_them()
    {
        KernelArgument real = 1.5f, whole = -1, none = (Tensor?)null;
        Assert.Equal(BitConverter.SingleToUInt32Bits(1.5f), (ulong)real.Bits);
        Assert.Equal(0xffffffffL, whole.Bits);
        Assert.Equal(0, none.Bits);
    }
}
