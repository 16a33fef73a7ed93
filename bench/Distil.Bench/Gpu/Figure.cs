using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Measures a figure on the GPU and says it as a line of JSON, in the words of <c>peer/measure.py</c>.</summary>
internal static class Figure
{
    /// <summary>Says a figure that was measured otherwise.</summary>
    internal static void Say(string name, object values)
    {
        var line = new JsonObject { ["side"] = "ours", ["figure"] = name };
        foreach (var (key, value) in JsonSerializer.SerializeToNode(values)!.AsObject().ToArray())
        {
            line[key] = value!.DeepClone();
        }
        Console.WriteLine(line.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    /// <summary>Measures a call: median milliseconds, each waited for, and the memory that the process holds on the GPU after it.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="action">The call; in a dispose scope of its own, without garbage collection.</param>
    /// <param name="tokens">Tokens that it does; null where it does none.</param>
    /// <param name="runs">Calls timed, ≥ 1.</param>
    /// <param name="warmUp">Calls before them.</param>
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
            Say(name, new { ms = Math.Round(median, 3), peak_gib = Math.Round(CudaCard.MemoryInUse() / (double)(1 << 30), 2), tokens_per_s = tokens is null ? 0 : Math.Round(tokens.Value / median * 1e3) });
            return median;
        }
        catch (Exception error) when (error is System.Runtime.InteropServices.ExternalException or CudaKernelException or InvalidOperationException)
        {
            Say(name, new { failed = $"{error.GetType().Name}: {error.Message.Split('\n')[0]}" });
            return double.NaN;
        }
    }
}
