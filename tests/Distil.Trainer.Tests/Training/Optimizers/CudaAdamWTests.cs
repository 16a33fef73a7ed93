using Distil.Trainer.Models;
using Distil.Trainer.Tests.Kernels;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Optimizers;

public sealed class CudaAdamWTests
{
    private static readonly AdamWOptions Options = new() { WeightDecay = 0.1, Beta1 = 0.9, Beta2 = 0.95 };

    [Fact]
    public void The_kernels_equal_tensor_operations()
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        var (here, there) = (Parameters(CPU), Parameters(CUDA));
        using var plain = new AdamW(here, Options);
        using var kernels = new AdamW(there, Options);
        for (var step = 0; step < 5; step++)
        {
            foreach (var (i, parameter) in here.Index())
            {
                var gradient = randn(parameter.Value.shape);
                parameter.Value.grad = gradient;
                there[i].Value.grad = gradient.cuda();
            }

            var expected = plain.Step(1e-2, 1.0).item<float>();
            Assert.Equal(expected, kernels.Step(1e-2, 1.0).item<float>(), expected * 1e-5f);
        }

        foreach (var (i, weight) in plain.Weights.Index())
        {
            Assert.InRange(Gpu.RelativeError(kernels.Weights[i].Value, weight.Value), 0, 1e-6);
            Assert.InRange(Gpu.RelativeError(there[i].Value, here[i].Value), 0, 1e-6);
        }
    }

    private static NamedParameter[] Parameters(Device device)
    {
        using var generator = new Generator(3, CPU);
        long[][] shapes = [[5, 3], [640, 33], [7], [16, 16]];
        return [.. shapes.Select((shape, i) => new NamedParameter($"p{i}", randn(shape, generator: generator).to(device).requires_grad_()))];
    }
}
