using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>One kernel at one shape against the plain form of its operation: values and gradients.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Shape">Sizes, for the table.</param>
/// <param name="Inputs">Makes random inputs on the kernel's device, bfloat16, float32 or integers as the kernel reads them; non-leaf, no gradient.</param>
/// <param name="Fused">The kernel.</param>
/// <param name="Plain">The plain form, on the same values in float32.</param>
internal sealed record KernelCheck(Kernel Kernel, string Shape, Func<Tensor[]> Inputs, Func<Tensor[], Tensor> Fused, Func<Tensor[], Tensor> Plain)
{
    /// <summary>Largest ‖kernel − plain‖ / ‖plain‖ that bfloat16 explains: a value is rounded to 1 in 256, and sums average that.</summary>
    internal const double Rounding = 0.02;

    /// <summary>Draws of a check: a draw in which a sum nearly cancels is off by several percent, so a median of few of them is too.</summary>
    internal const int UsualDraws = 7;

    /// <value>How the kernel runs, if not as a model runs it: ", in pieces".</value>
    internal string Variant { get; init; } = "";

    /// <value>Its name in the table.</value>
    internal string Name => Kernel.Operation.Name + Variant;

    /// <value>Largest difference that passes, of the result and of each input's gradient.</value>
    internal double Tolerance { get; init; } = Rounding;

    /// <value>Largest difference of an input's gradient that passes; null for <see cref="Tolerance"/>.</value>
    internal Func<int, double>? ToleranceOf { get; init; }

    /// <value>Whether an input's gradient is a sum that nearly cancels in some draws: it is judged by the median over the draws instead of by the worst.</value>
    internal Func<int, bool> Cancels { get; init; } = _ => false;

    /// <value>Whether it applies only to cards whose blocks form clusters.</value>
    internal bool NeedsClusters { get; init; }

    /// <value>Relative to which input's gradient an input's is measured; its own, unless that is a sum that cancels.</value>
    internal Func<int, int> ScaleOf { get; init; } = input => input;

    /// <summary>Runs both with several draws of the inputs.</summary>
    /// <param name="draws">How many, ≥ 1.</param>
    internal CheckResult Run(int draws = UsualDraws) => CheckResult.OfDraws([.. Enumerable.Range(0, draws).Select(_ => RunOnce())]);

    private CheckResult RunOnce()
    {
        using var noGc = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var (fused, plain) = Draw();
        var (actual, expected) = (Fused(fused), Plain(plain));
        var gradient = randn_like(expected).to(actual.dtype);
        Backward(actual, gradient);
        Backward(expected, gradient.to(ScalarType.Float32));
        var gradients = fused.Select((input, i) => Difference(input.grad, plain[i].grad, plain[ScaleOf(i)].grad)).ToArray();
        return new(this, Difference(actual, expected, expected), gradients);
    }

    /// <summary>Random inputs of the kernel, and the same values in float32.</summary>
    internal (Tensor[] Fused, Tensor[] Plain) Draw()
    {
        var inputs = Inputs();
        return (
            [.. inputs.Select(input => input.is_floating_point() ? input.detach().clone().requires_grad_() : input)],
            [.. inputs.Select(input => input.is_floating_point() ? input.detach().to(ScalarType.Float32, copy: true).requires_grad_() : input)]);
    }

    /// <summary>Runs a backward pass, if a gradient is wanted.</summary>
    internal static void Backward(Tensor result, Tensor gradient)
    {
        if (result.requires_grad)
        {
            GradientScope.Backward(result, gradient);
        }
    }

    /// <returns>0 if neither has a gradient or both are 0, infinite if one has none.</returns>
    private static double Difference(Tensor? actual, Tensor? expected, Tensor? scale)
    {
        if (actual is null || expected is null || scale is null)
        {
            return actual is null == expected is null ? 0 : double.PositiveInfinity;
        }

        using var scope = NewDisposeScope();
        Tensor Exact(Tensor tensor) => tensor.detach().to(ScalarType.Float64);
        var difference = (Exact(actual) - Exact(expected)).norm().item<double>();
        return difference == 0 ? 0 : difference / Exact(scale).norm().item<double>();
    }
}
