using System.Diagnostics;
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

    private const int Repeats = 5;

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
    internal CheckResult Run(int draws = UsualDraws)
    {
        CheckResult[] results = [.. Enumerable.Range(0, draws).Select(_ => RunOnce())];
        return new(
            this, results.Max(result => result.Value), [.. results[0].Gradients.Select((_, input) => Judged(results.Select(result => result.Gradients[input]), input))],
            results[^1].FusedMilliseconds, results[^1].PlainMilliseconds);
    }

    private double Judged(IEnumerable<double> gradients, int input)
    {
        double[] ordered = [.. gradients.Order()]; // not a number comes first
        return double.IsNaN(ordered[0]) ? double.NaN : Cancels(input) ? ordered[ordered.Length / 2] : ordered[^1];
    }

    private CheckResult RunOnce()
    {
        using var noGc = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var inputs = Inputs();
        var fused = inputs.Select(input => input.is_floating_point() ? input.detach().clone().requires_grad_() : input).ToArray();
        var plain = inputs.Select(input => input.is_floating_point() ? input.detach().to(ScalarType.Float32, copy: true).requires_grad_() : input).ToArray();
        var (actual, expected) = (Fused(fused), Plain(plain));
        var gradient = randn_like(expected).to(actual.dtype);
        Backward(actual, gradient);
        Backward(expected, gradient.to(ScalarType.Float32));
        var gradients = inputs.Select((_, i) => Difference(fused[i].grad, plain[i].grad, plain[ScaleOf(i)].grad)).ToArray();
        return new(this, Difference(actual, expected, expected), gradients, Time(Fused, fused, gradient), Time(Plain, plain, gradient.to(ScalarType.Float32)));
    }

    private static void Backward(Tensor result, Tensor gradient)
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

    /// <summary>Median milliseconds of a forward and backward pass.</summary>
    private double Time(Func<Tensor[], Tensor> run, Tensor[] inputs, Tensor gradient)
    {
        var times = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            using var scope = NewDisposeScope();
            Synchronize();
            var watch = Stopwatch.StartNew();
            Backward(run(inputs), gradient);
            Synchronize();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(Repeats / 2);
    }

    private void Synchronize()
    {
        if (Kernel.Form == Form.Cuda)
        {
            cuda.synchronize();
        }
    }
}

/// <summary>The result of a check.</summary>
/// <param name="Check">The check.</param>
/// <param name="Value">‖kernel − plain‖ / ‖plain‖ of the result, the worst of the draws.</param>
/// <param name="Gradients">The same of each input's gradient; the median if it is a sum that cancels.</param>
/// <param name="FusedMilliseconds">Median of forward and backward pass, the launching included.</param>
/// <param name="PlainMilliseconds">The same of the plain form.</param>
internal sealed record CheckResult(KernelCheck Check, double Value, IReadOnlyList<double> Gradients, double FusedMilliseconds, double PlainMilliseconds)
{
    /// <value>Whether all are within the check's tolerance; NaN never is.</value>
    internal bool Passed => Value <= Check.Tolerance
        && Gradients.Select((difference, input) => difference <= (Check.ToleranceOf?.Invoke(input) ?? Check.Tolerance)).All(within => within);
}
