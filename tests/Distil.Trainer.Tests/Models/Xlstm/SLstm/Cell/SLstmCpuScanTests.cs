using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm.SLstm.Cell;

public sealed class SLstmCpuScanTests
{
    [Theory]
    [InlineData(4, 1, 2, 16)]
    [InlineData(2, 5, 33, 48)]
    [InlineData(3, 3, 17, 20)]
    [InlineData(4, 8, 64, 64)]
    public void Equal_to_plain_operations_in_values_and_gradients(int heads, int batch, int length, int size)
    {
        using var scope = NewDisposeScope();
        var (plain, fused) = (Inputs(heads, batch, length, size), Inputs(heads, batch, length, size));
        var expected = SLstmPlainScan.Forward(plain[0], plain[1], plain[2], plain[3]);
        var actual = SLstmCpuScan.Forward(fused[0], fused[1], fused[2], fused[3]);
        Same(expected, actual, 1e-5, "h");

        var gradient = randn_like(expected);
        GradientScope.Backward(expected, gradient);
        GradientScope.Backward(actual, gradient);
        for (var input = 0; input < 4; input++)
        {
            Same(plain[input].grad!, fused[input].grad!, 1e-4, $"gradient of input {input}");
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(24)]
    public void Goes_on_from_a_state_as_plain_operations_do(int size)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var inputs = Inputs(2, 3, 20, size);
        var whole = SLstmPlainScan.Forward(inputs[0], inputs[1], inputs[2], inputs[3]);
        foreach (var scan in new Func<Tensor, Tensor, Tensor, Tensor, SLstmState?, Tensor>[] { SLstmPlainScan.Forward, SLstmCpuScan.Forward })
        {
            using var state = SLstmState.Start(3, 2, size, CPU);
            Tensor Part(int from, int count) => scan(inputs[0].narrow(2, from, count), inputs[1].narrow(2, from, count), inputs[2], inputs[3], state);
            Same(whole, cat([Part(0, 7), Part(7, 1), Part(8, 12)], 1), 1e-5, "h");
        }
    }

    [Fact]
    public void Survives_gates_that_are_fully_open_and_fully_shut()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var inputs = Inputs(2, 4, 12, 16);
        var (inputForget, cellOutput) = (inputs[0] * 60, inputs[1] * 60);
        var expected = SLstmPlainScan.Forward(inputForget, cellOutput, inputs[2], inputs[3]);
        var actual = SLstmCpuScan.Forward(inputForget, cellOutput, inputs[2], inputs[3]);
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
            GradientScope.Backward(SLstmCpuScan.Forward(inputs[0], inputs[1], inputs[2], inputs[3]).square().sum());
            return [.. inputs.Select(input => input.grad!)];
        }

        foreach (var (one, other) in Once().Zip(Once()))
        {
            Same(one, other, 0, "gradient");
        }
    }

    private static Tensor[] Inputs(int heads, int batch, int length, int size)
    {
        using var random = new Generator(5, CPU);
        Tensor Random(double scale, params long[] shape) => (randn(shape, generator: random) * scale).requires_grad_();
        return
        [
            Random(1, heads, batch, length, 2 * size), Random(1, heads, batch, length, 2 * size),
            Random(0.2, heads, size, 4 * size), Random(1, heads * 4 * size),
        ];
    }
}
