using System.Diagnostics;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Times tensor code.</summary>
internal static class Stopwatches
{
    /// <summary>Median milliseconds of <paramref name="runs"/> calls after <paramref name="warmUp"/> calls that do not count.</summary>
    internal static double Median(Action action, int runs = 15, int warmUp = 4)
    {
        var times = new double[runs];
        for (var run = -warmUp; run < runs; run++)
        {
            using var scope = NewDisposeScope();
            var started = Stopwatch.GetTimestamp();
            action();
            if (run >= 0)
            {
                times[run] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        }

        Array.Sort(times);
        return times[runs / 2];
    }

    /// <summary>Median milliseconds of a forward and backward pass; the gradients of <paramref name="inputs"/> start empty each time.</summary>
    internal static double Training(Func<Tensor> forward, Tensor[] inputs, int runs = 15, int warmUp = 4)
    {
        Tensor? gradient = null;
        var median = Median(
            () =>
            {
                foreach (var input in inputs)
                {
                    input.grad?.Dispose();
                    input.grad = null;
                }
                var output = forward();
                gradient ??= randn_like(output).DetachFromDisposeScope();
                GradientScope.Backward(output, gradient);
            },
            runs,
            warmUp);
        gradient?.Dispose();
        return median;
    }
}
