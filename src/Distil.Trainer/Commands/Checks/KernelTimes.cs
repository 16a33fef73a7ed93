using System.Diagnostics;
using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>What a kernel and its plain form take.</summary>
/// <param name="Fused">Median milliseconds of a forward and backward pass of the kernel, the launching included.</param>
/// <param name="Plain">The same of the plain form.</param>
internal sealed record KernelTimes(double Fused, double Plain)
{
    private const int Repeats = 5;

    /// <summary>Measures both on the same values.</summary>
    internal static KernelTimes Of(KernelCheck check)
    {
        using var noGc = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var (fused, plain) = check.Draw();
        return new(Median(check, check.Fused, fused), Median(check, check.Plain, plain));
    }

    private static double Median(KernelCheck check, Func<Tensor[], Tensor> run, Tensor[] inputs)
    {
        var gradient = randn_like(run(inputs)).detach();
        var times = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            using var scope = NewDisposeScope();
            Synchronize(check);
            var watch = Stopwatch.StartNew();
            KernelCheck.Backward(run(inputs), gradient);
            Synchronize(check);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(Repeats / 2);
    }

    private static void Synchronize(KernelCheck check)
    {
        if (check.Kernel.Form == Form.Cuda)
        {
            cuda.synchronize();
        }
    }
}
