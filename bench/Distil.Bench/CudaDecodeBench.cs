using System.Diagnostics;
using Distil.Inference.Cuda;
using Distil.Inference.CudaEngines;
using Distil.Inference.Models;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Kernels;

namespace Distil.Bench;

/// <summary>Decoding on the GPU without torch, greedy: milliseconds a step by the number of sequences, beside the card's bandwidth.</summary>
internal static class CudaDecodeBench
{
    private const int Steps = 32;

    internal static int Run(XlstmConfig config, int tokens, int[] sequences)
    {
        if (CudaRuntime.UnavailableReason is { } reason)
        {
            Console.Error.WriteLine($"error: nothing to measure: {reason}");
            return 1;
        }

        var (platform, folder) = (CudaRuntime.Platform, RandomStudent.Write(config, bfloat16: true));
        try
        {
            using var student = CudaStudent.Open(folder, platform);
            Console.WriteLine(
                $"{platform.Card.Name}; V {config.VocabularySize}, D {config.Width}, {config.Blocks} blocks; a step reads {student.WeightBytes / 1e6:F1} MB of weights and "
                + $"reads and writes {student.StateBytes / 1e6:F1} MB of state a sequence; copy bandwidth {Bandwidth(platform.Card):F2} TB/s (read + write)");
            Console.WriteLine("| sequences | context | launched | ms a step | tokens/s | TB/s |\n|--:|--:|---|--:|--:|--:|");
            foreach (var count in sequences)
            {
                Measure(student, count, 512, graphs: true, tokens);
            }

            Measure(student, sequences[0], 8192, graphs: true, tokens);
            Measure(student, sequences[0], 512, graphs: false, tokens);

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(CudaStudent student, int sequences, int context, bool graphs, int tokens)
    {
        using var batch = new CudaBatch(student, sequences) { UsesGraphs = graphs };
        batch.Read([.. Enumerable.Range(0, context * sequences).Select(i => (int)(i * 7919L % student.VocabularySize))]);
        int[] next = [.. Enumerable.Range(1, sequences)];
        var times = new List<double>();
        for (var done = -2 * Steps; done < Math.Max(tokens, Steps); done += Steps)
        {
            var start = Stopwatch.GetTimestamp();
            next = [.. batch.Choose(next, Steps)[^sequences..]];
            if (done >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / Steps);
            }
        }

        times.Sort();
        var (median, bytes) = (times[times.Count / 2], student.WeightBytes + 2 * sequences * student.StateBytes);
        Console.WriteLine(
            $"| {sequences} | {context} | {(graphs ? "graph" : "by kernel")} | {median:F4} | {1000 * sequences / median:F0} | {bytes / median / 1e9:F2} |");
    }

    private static double Bandwidth(CudaCard card)
    {
        const long Bytes = 1L << 32;
        using DeviceBuffer from = new(card, Bytes), to = new(card, Bytes);
        using var stream = new CudaStream(card);
        var best = double.PositiveInfinity;
        for (var i = 0; i < 6; i++)
        {
            stream.Synchronize();
            var start = Stopwatch.GetTimestamp();
            stream.Copy(from.Address, to.Address, Bytes);
            stream.Synchronize();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return 2 * Bytes / best / 1e12;
    }
}
