using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Tests.Models.Xlstm.Components;

public sealed class CausalConvolutionTests
{
    [Theory]
    [InlineData(1, 1, 16, 4)]
    [InlineData(3, 40, 52, 4)]
    [InlineData(2, 2, 20, 3)]
    public void Fused_equals_torchs_convolution_in_values_and_gradients(int batch, int length, int width, int kernel)
    {
        using var scope = NewDisposeScope();
        var (torch, fused) = (Inputs(batch, length, width, kernel), Inputs(batch, length, width, kernel));
        var convolved = conv1d(torch[0].narrow(2, 0, width).transpose(1, 2), torch[1], torch[2], padding: kernel - 1, groups: width);
        var expected = silu(convolved.narrow(2, 0, length).transpose(1, 2));
        var actual = CpuConvolution.Instance.Forward(new(fused[0].narrow(2, 0, width), fused[1], fused[2]));
        Same(expected, actual, 1e-5, "y");
        Same(expected, CausalConvolution.Plain(new(torch[0].narrow(2, 0, width), torch[1], torch[2]), ScalarType.Float32), 1e-5, "plain y");

        var gradient = randn_like(expected);
        GradientScope.Backward(expected, gradient);
        GradientScope.Backward(actual, gradient);
        for (var input = 0; input < 3; input++)
        {
            Same(torch[input].grad!, fused[input].grad!, 1e-4, $"gradient of input {input}");
        }
    }

    [Fact]
    public void Further_positions_see_the_ones_before_them()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var x = Inputs(2, 11, 24, 4);
        var convolution = new CausalConvolution(new(x[1], x[2]), CpuConvolution.Instance.Forward, ScalarType.Float32);
        var tail = convolution.StartTail(2, ScalarType.Float32);
        var input = x[0].narrow(2, 0, 24);
        var parts = new[] { (0, 2), (2, 1), (3, 8) }.Select(part => convolution.Forward(input.narrow(1, part.Item1, part.Item2), ref tail)).ToArray();
        Same(convolution.Forward(input), cat(parts, 1), 1e-6, "y");
        tail.Dispose();
    }

    /// <summary>x is the first half of a wider tensor, as a projection makes it.</summary>
    private static Tensor[] Inputs(int batch, int length, int width, int kernel)
    {
        using var random = new Generator(11, CPU);
        Tensor Random(params long[] shape) => randn(shape, generator: random).requires_grad_();
        return [Random(batch, length, 2 * width), Random(width, 1, kernel), Random(width)];
    }
}
