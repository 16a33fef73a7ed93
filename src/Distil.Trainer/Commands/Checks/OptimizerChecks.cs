using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Training.Optimizers;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>The optimiser.</summary>
internal static class OptimizerChecks
{
    private const double Factor = 3;

    /// <value>All checks on a GPU.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } = [Optimizer(1_000_000, 300_001), Optimizer(13, 3)];

    /// <summary>Two parameters that share a norm, and not a learning rate.</summary>
    private static KernelCheck Optimizer(int first, int second) => new(
        Kernel.AdamWCuda, $"P {first} + {second}",
        () => [.. new[] { first, first, second, second }.Select(count => randn([count], ScalarType.Float32, CUDA))],
        x =>
        {
            NamedParameter[] parameters = [new("p", x[0].detach().clone().requires_grad_()), new("q", x[2].detach().clone().requires_grad_())];
            (parameters[0].Value.grad, parameters[1].Value.grad) = (x[1].detach(), x[3].detach());
            using var optimizer = new AdamW(parameters, new() { Factor = new([parameters[1]], Factor) }, Backend.For(CUDA));
            optimizer.Step(0.1, 1);
            return cat([.. optimizer.Weights.Select(weight => weight.Value)]);
        },
        x =>
        {
            var options = new AdamWOptions();
            var norm = cat([x[1], x[3]]).detach().norm();
            Tensor Stepped(Tensor weight, Tensor gradient, double rate)
            {
                var clipped = gradient.detach() * (1 / (norm + 1e-6)).clamp_max(1.0);
                // the first step: both moments are the gradient's own
                return weight.detach() * (1 - rate * options.WeightDecay) - clipped / (clipped.abs() + options.Epsilon) * rate;
            }

            return cat([Stepped(x[0], x[1], 0.1), Stepped(x[2], x[3], 0.1 * Factor)]);
        });
}
