using System.Diagnostics;
using Distil.Inference.Cuda;
using Distil.Inference.CudaEngines;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;

namespace Distil.Bench.Decoding;

/// <summary>Decoding on the GPU without torch, greedy and drawn: milliseconds a step by the number of sequences, beside the card's bandwidth.</summary>
internal static class CudaDecodeBench
{
    private const int Steps = 32;

    private static readonly (string Name, SamplingOptions Options)[] Samplings =
    [
        ("T 0.8, top-p 0.95", new()), ("T 1, all", new() { Temperature = 1, TopP = 1 }), ("T 1, top-k 50", new() { Temperature = 1, TopP = 1, TopK = 50 }),
        ("T 1, top-k 40, top-p 0.95, min-p 0.05", new() { Temperature = 1, TopK = 40, MinP = 0.05 }), ("T 0.1, top-p 0.95", new() { Temperature = 0.1 }),
        ("T 8, top-p 0.9", new() { Temperature = 8, TopP = 0.9 }),
    ];

    /// <summary>Measures students.</summary>
    /// <param name="students">What they are called, and what writes them to a folder.</param>
    /// <param name="tokens">Tokens of a measurement.</param>
    /// <param name="sequences">Numbers of sequences.</param>
    internal static int Run(IReadOnlyList<(string Name, Func<string> Write)> students, int tokens, int[] sequences)
    {
        if (CudaPlatform.Find(new(new EngineOptions().KernelFolder), standsInFor: null, out var reason) is not { } platform)
        {
            Console.Error.WriteLine($"error: nothing to measure: {reason}");
            return 1;
        }

        Console.WriteLine($"{platform.Card.Name}; copy bandwidth {Bandwidth(platform.Card):F2} TB/s (read + write)");
        foreach (var (name, write) in students)
        {
            var folder = write();
            try
            {
                Run(name, folder, platform, tokens, sequences);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static void Run(string name, string folder, CudaPlatform platform, int tokens, int[] sequences)
    {
        using var student = CudaStudent.Open(folder, platform);
        Console.WriteLine(
            $"{name}; V {student.VocabularySize}, D {student.Network.Shape.Width}; a step reads {student.WeightBytes / 1e6:F1} MB of weights and "
            + $"reads and writes {student.StateBytes / 1e6:F1} MB of state a sequence");
        Console.WriteLine("| sequences | context | launched, drawn | ms a step | tokens/s | TB/s |\n|--:|--:|---|--:|--:|--:|");
        foreach (var count in sequences)
        {
            Measure(student, count, 512, graphs: true, tokens);
        }

        Measure(student, sequences[0], 8192, graphs: true, tokens);
        Measure(student, sequences[0], 512, graphs: false, tokens);
        foreach (var count in sequences.Where(count => count is 1 or 8 or 64))
        {
            foreach (var (options, sampling) in Samplings)
            {
                Measure(student, count, 512, graphs: true, tokens, options, [.. Enumerable.Range(1, count).Select(seed => new Sampler(sampling with { Seed = (ulong)seed }))]);
            }
        }

        MeasurePrompt(folder, platform);
    }

    /// <summary>Reading a prompt in pieces, and steps of the engine that serves, with the host between them.</summary>
    private static void MeasurePrompt(string folder, CudaPlatform platform)
    {
        using var engine = CudaEngine.Open(folder, platform);
        using var state = engine.NewSequence();
        var inputs = Enumerable.Range(0, engine.MaxRows).Select(i => new StudentInput(state, (int)(i * 7919L % engine.VocabularySize), WantsLogits: i == engine.MaxRows - 1)).ToArray();
        var (piece, own) = (Median(() => engine.Run(inputs)), new Sampler(new()));
        var (step, copied) = (Median(() => engine.Run(inputs.AsSpan(inputs.Length - 1))), Median(() =>
        {
            engine.Run(inputs.AsSpan(inputs.Length - 1));
            own.Next(engine.Logits(0));
        }));
        double Drawn(SamplingOptions options)
        {
            var sampler = new Sampler(options);
            sampler.ReadPrompt([.. Enumerable.Range(0, 1000)]);
            var input = inputs[^1] with { Sampler = sampler };
            return Median(() =>
            {
                engine.Run(new(in input));
                engine.Choose(0);
            });
        }

        Console.WriteLine(
            $"prompt in pieces of {inputs.Length}: {piece:F3} ms, {1000 * inputs.Length / piece:F0} tokens/s; a step with the host: {step:F4} ms, drawn on the card: "
            + $"{Drawn(new()):F4} ms, with penalties of 1,000 tokens: {Drawn(new() { RepetitionPenalty = 1.1 }):F4} ms, drawn by the host from its logits: {copied:F4} ms");
    }

    private static double Median(Action run) => StepTimes.Median(64, _ => run());

    private static void Measure(
        CudaStudent student, int sequences, int context, bool graphs, int tokens, string drawn = "greedy", params ReadOnlySpan<Sampler?> samplers)
    {
        using var batch = new CudaBatch(student, sequences) { UsesGraphs = graphs };
        batch.Read([.. Enumerable.Range(0, context * sequences).Select(i => (int)(i * 7919L % student.VocabularySize))]);
        int[] next = [.. Enumerable.Range(1, sequences)];
        var times = new List<double>();
        for (var done = -2 * Steps; done < Math.Max(tokens, Steps); done += Steps)
        {
            var start = Stopwatch.GetTimestamp();
            next = [.. batch.Choose(next, Steps, samplers)[^sequences..]];
            if (done >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / Steps);
            }
        }

        times.Sort();
        var (median, bytes) = (times[times.Count / 2], student.WeightBytes + 2 * sequences * student.StateBytes);
        Console.WriteLine(
            $"| {sequences} | {context} | {(graphs ? "graph" : "by kernel")}, {drawn} | {median:F4} | {1000 * sequences / median:F0} | {bytes / median / 1e9:F2} |");
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
