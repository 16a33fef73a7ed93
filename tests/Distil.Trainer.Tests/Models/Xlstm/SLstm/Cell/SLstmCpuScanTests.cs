using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm.SLstm.Cell;

public sealed class SLstmCpuScanTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(24)]
    public void Goes_on_from_a_state_as_plain_operations_do(int size)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var inputs = Inputs(2, 3, 20, size);
        var whole = SLstmPlainScan.Forward(inputs);
        foreach (var scan in new SLstmScan[] { SLstmPlainScan.Forward, SLstmCpuScan.Instance.Forward })
        {
            using var state = SLstmState.Start(3, 2, size, CPU);
            Tensor Part(int from, int count) => scan(
                inputs with { InputForget = inputs.InputForget.narrow(2, from, count), CellOutput = inputs.CellOutput.narrow(2, from, count) }, state);
            Same(whole, cat([Part(0, 7), Part(7, 1), Part(8, 12)], 1), 1e-5, "h");
        }
    }

    [Fact]
    public void Survives_gates_that_are_fully_open_and_fully_shut()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var inputs = Inputs(2, 4, 12, 16);
        inputs = inputs with { InputForget = inputs.InputForget * 60, CellOutput = inputs.CellOutput * 60 };
        var expected = SLstmPlainScan.Forward(inputs);
        var actual = SLstmCpuScan.Instance.Forward(inputs, null);
        Assert.True(actual.isfinite().all().item<bool>());
        Same(expected, actual, 1e-4, "h");
    }

    [Fact]
    public void Gives_the_same_bits_every_time()
    {
        using var scope = NewDisposeScope();
        List<Tensor> Once()
        {
            var inputs = Inputs(4, 9, 40, 32);
            GradientScope.Backward(SLstmCpuScan.Instance.Forward(inputs, null).square().sum());
            return [.. TensorRecord.Flatten(inputs).Select(input => input.grad!)];
        }

        foreach (var (one, other) in Once().Zip(Once()))
        {
            Same(one, other, 0, "gradient");
        }
    }

    private static SLstmScanInputs Inputs(int heads, int batch, int length, int size)
    {
        using var random = new Generator(5, CPU);
        Tensor Random(double scale, params long[] shape) => (randn(shape, generator: random) * scale).requires_grad_();
        return new(Random(1, heads, batch, length, 2 * size), Random(1, heads, batch, length, 2 * size),
            Random(0.2, heads, size, 4 * size), Random(1, heads * 4 * size));
    }
}
