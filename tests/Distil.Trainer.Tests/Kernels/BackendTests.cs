using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Kernels;

public sealed class BackendTests
{
    private static readonly Backend Cpu = Backend.For(CPU);

    [Fact]
    public void Chooses_the_kernel_of_the_device_and_element_type()
    {
        var choice = Choose(Cpu, ScalarType.Float32);
        Assert.Equal(("cpu", "cpu", null), (choice.Run, choice.Report.Form, choice.Report.UnavailableReason));
    }

    [Fact]
    public void An_element_type_without_a_kernel_is_no_fallback()
    {
        var choice = Choose(Cpu, ScalarType.Float64);
        Assert.Equal(("plain", "plain", null), (choice.Run, choice.Report.Form, choice.Report.UnavailableReason));
    }

    [Fact]
    public void A_fallback_gives_the_reason_and_the_cost()
    {
        var choice = Choose(Cpu, ScalarType.Float32, "a head has 999 units");
        Assert.Equal(("plain", "plain"), (choice.Run, choice.Report.Form));
        Assert.Equal("sLSTM scan", choice.Report.Operation);
        Assert.Equal("a head has 999 units; a training step takes about 2.9 times as long", choice.Report.UnavailableReason);
    }

    [Fact]
    public void The_cost_is_that_of_the_kernel_for_this_device()
    {
        Assert.Equal("a training step takes about 106 times as long", Kernel.SLstmScanCuda.CostOfPlain);
        Assert.Equal("a training step takes about 19 % longer", Kernel.ConvolutionCuda.CostOfPlain);
        Assert.Equal("a training step takes longer", Kernel.LinearisedLayersCuda.CostOfPlain); // not measured
        Assert.Equal("a teacher's pass takes about 3 times as long", Kernel.ExtractionCuda.CostOfPlain);
    }

    [Fact]
    public void Without_an_operation_only_that_one_is_plain()
    {
        var backend = Cpu.Without(Operation.SLstmScan);
        Assert.Equal("plain", Choose(backend, ScalarType.Float32).Run);
        Assert.Equal("kernel", backend.Choose(Operation.Convolution, ScalarType.Float32, "plain", new Candidate<string>(Kernel.ConvolutionCpu, "kernel")).Run);
    }

    [Fact]
    public void A_plain_backend_uses_no_kernel() => Assert.Equal("plain", Choose(Backend.Plain(CPU), ScalarType.Float32).Run);

    private static Choice<string> Choose(Backend backend, ScalarType type, string? reason = null) => backend.Choose(
        Operation.SLstmScan, type, "plain",
        new(Kernel.SLstmScanCuda, "cuda"), new(Kernel.SLstmScanCpu, "cpu", () => reason), new(Kernel.SLstmScanCudaFloat, "cuda in float32"));
}
