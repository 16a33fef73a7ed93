using System.CommandLine;
using System.Runtime.InteropServices;
using Distil.Trainer.Distillation;
using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>The chunked LM head with its losses and gradient: time by chunk, and peak memory by chunk and by sequence length.</summary>
internal static class HeadBench
{
    private const int V = 2048, D = 160;

    internal static Command Create()
    {
        var command = new Command("head", "LM head, CE, KL and their gradient in chunks: milliseconds and peak memory (CPU).");
        command.SetAction(_ =>
        {
            Time();
            Memory();
        });
        return command;
    }

    private static void Time()
    {
        Console.WriteLine(
            $"8 × 512 positions, V {V}, D {D}, up to 128 kept tokens; CPU, {Environment.ProcessorCount} threads, float32; medians of 9 runs, milliseconds");
        Console.WriteLine("|   T | chunk | losses by tensor operations | losses fused | whole head | teacher extraction |");
        Console.WriteLine("|----:|------:|----------------------------:|-------------:|-----------:|-------------------:|");
        foreach (var (t, chunk) in new[] { (1.0, 512), (1.5, 64), (1.5, 128), (1.5, 256), (1.5, 512), (1.5, 1024) })
        {
            using var scope = NewDisposeScope();
            var (hidden, head, ids, targets) = Case(8, 512);
            var all = ones(8 * 512);
            var goal = DistillationHead.Targets(ids, all, all, targets, new(0.3, 0.6, t)).Slice(0, chunk);
            var logits = hidden.reshape(-1, D).narrow(0, 0, chunk).matmul(head.t());
            var calls = 4096 / chunk;
            var settings = Settings with { ChunkPositions = chunk };
            var plain = Stopwatches.Median(() => PlainLogitLoss.Apply(logits.clone(), goal), 9) * calls;
            var fused = Stopwatches.Median(() => CpuLogitLoss.Apply(logits.clone(), goal), 9) * calls;
            var whole = Stopwatches.Median(() => Head(chunk).Compute(hidden, head, ids, null, targets, new(0.3, 0.6, t)), 9);
            var extraction = Stopwatches.Median(() => Sparse(settings).Of(hidden, head, null), 9);
            Console.WriteLine($"| {t,3:F1} | {chunk,5} | {plain,27:F1} | {fused,12:F1} | {whole,10:F1} | {extraction,18:F1} |");
        }
    }

    private static void Memory()
    {
        Console.WriteLine();
        Console.WriteLine($"Peak memory of one call over what stood before it, 1 × S positions, V {V}, D {D}; MiB (full logits: what they would take)");
        Console.WriteLine("|     S | chunk | peak | of it the gradient returned | full logits |");
        Console.WriteLine("|------:|------:|-----:|----------------------------:|------------:|");
        foreach (var (length, chunk) in new[] { (2048, 256), (8192, 256), (32768, 256), (8192, 1024), (8192, 4096) })
        {
            using var scope = NewDisposeScope();
            var (hidden, head) = States(1, length);
            var ids = randint(V, [1, length], ScalarType.Int64);
            using var warmUp = Head(64).Compute(hidden.narrow(1, 0, 64), head, ids.narrow(1, 0, 64), null, null, LossWeights.NextToken);
            var before = ResetPeak();
            using var loss = Head(chunk).Compute(hidden, head, ids, null, null, LossWeights.NextToken);
            var peak = Status("VmHWM:") - before;
            Console.WriteLine($"| {length,5} | {chunk,5} | {peak,4:F0} | {length * D / 262144.0,27:F0} | {(double)length * V / 262144,11:F0} |");
        }
    }

    private static DistillationHead Head(int chunk) => new(Backend.For(CPU), ScalarType.Float32, chunkPositions: chunk);

    private static SparseOutputs Sparse(ExtractionSettings settings) => new(Backend.For(CPU), ScalarType.Float32, settings);

    private static ExtractionSettings Settings { get; } = new() { InverseTemperatures = TemperatureNodes.Between(1, 2) };

    private static (Tensor Hidden, Tensor Head, Tensor Ids, TeacherTargets Targets) Case(int batch, int length)
    {
        var (hidden, head) = States(batch, length);
        var targets = Sparse(Settings).Of(hidden + randn(batch, length, D) * 0.3, head, null);
        return (hidden, head, randint(V, [batch, length], ScalarType.Int64), targets);
    }

    private static (Tensor Hidden, Tensor Head) States(int batch, int length) => (randn(batch, length, D), randn(V, D) * 0.4);

    /// <summary>Frees unused memory and resets the kernel's record of the process's peak.</summary>
    /// <returns>The process's present memory, MiB.</returns>
    private static double ResetPeak()
    {
        GC.Collect();
        TrimHeap(0);
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Status("VmRSS:");
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int TrimHeap(nuint keep);

    private static double Status(string field) =>
        File.ReadLines("/proc/self/status").Where(line => line.StartsWith(field, StringComparison.Ordinal))
            .Select(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024).Single();
}
