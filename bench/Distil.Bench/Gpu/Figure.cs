using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Measures a figure on the GPU and prints it as a line of JSON, with the field names of <c>peer/measure.py</c>.</summary>
internal static class Figure
{
    /// <summary>Prints a figure that was measured in another way.</summary>
    internal static void Say(string name, object values)
    {
        var line = new JsonObject { ["side"] = "ours", ["figure"] = name };
        foreach (var (key, value) in JsonSerializer.SerializeToNode(values)!.AsObject().ToArray())
        {
            line[key] = value!.DeepClone();
        }
        Console.WriteLine(line.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    /// <summary>Measures a call: median milliseconds, each call synchronised, and the GPU memory of the process after it.</summary>
    /// <param name="name">The figure's name.</param>
    /// <param name="action">The call; it runs in a separate dispose scope, without garbage collection.</param>
    /// <param name="tokens">Number of tokens that it processes; null if none.</param>
    /// <param name="runs">Number of timed calls, ≥ 1.</param>
    /// <param name="warmUp">Number of calls before them.</param>
    /// <returns>The median.</returns>
    internal static double Measure(string name, Action action, long? tokens = null, int runs = 20, int warmUp = 5)
    {
        try
        {
            var times = new double[runs];
            for (var run = -warmUp; run < runs; run++)
            {
                using var pause = NoGcRegion.Begin();
                using var scope = NewDisposeScope();
                cuda.synchronize();
                var start = Stopwatch.GetTimestamp();
                action();
                cuda.synchronize();
                if (run >= 0)
                {
                    times[run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                }
            }

            Array.Sort(times);
            var median = times[runs / 2];
            Say(name, new
            {
                ms = Math.Round(median, 3),
                peak_gib = Math.Round(CudaRuntime.Card.MemoryInUse() / (double)(1 << 30), 2),
                tokens_per_s = tokens is null ? 0 : Math.Round(tokens.Value / median * 1e3),
            });
            return median;
        }
        catch (Exception error) when (error is System.Runtime.InteropServices.ExternalException or CudaKernelException or InvalidOperationException)
        {
            Say(name, new { failed = $"{error.GetType().Name}: {error.Message.Split('\n')[0]}" });
            return double.NaN;
        }
    }
}
