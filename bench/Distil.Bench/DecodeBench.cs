using System.CommandLine;
using System.Diagnostics;
using System.Runtime.Intrinsics;
using Distil.Core.Models;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Decoding on the CPU: the engine with each format of the weights, beside the model in torch and the machine's read bandwidth.</summary>
internal static class DecodeBench
{
    /// <summary>The paper's student around Qwen2.5-1.5B's embedding and head.</summary>
    internal static readonly XlstmConfig Paper = new()
    {
        VocabularySize = 151_936, ContextLength = 512, Blocks = 6, Width = 1536, SlstmAt = [0, 2], MlstmHeads = 12, SlstmHeads = 12,
        FeedForwardProjFactor = 1.7,
    };

    /// <summary>The student of <c>distil demo</c>.</summary>
    internal static readonly XlstmConfig Demo = new()
    {
        VocabularySize = 1024, ContextLength = 256, Blocks = 4, Width = 128, SlstmAt = [0, 2], QkvBlockSize = 16, FeedForwardProjFactor = 1.7,
    };

    /// <summary>A linearised student of Qwen2.5-0.5B's shape.</summary>
    internal static readonly LinearisedShape Linearised = new()
    {
        Transformer = new()
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 151_936, HiddenSize = 896, IntermediateSize = 4864, Layers = 24, Heads = 14, KeyValueHeads = 2,
            HeadSize = 64, MaxPositions = 32_768, RopeTheta = 1e6, TiedHead = true, QueryKeyValueBias = true,
        },
        ContextLength = 2048, Window = 512, Sinks = 4, OutputGate = true,
    };

    /// <summary>A linearised student of Qwen2.5-1.5B's shape.</summary>
    internal static readonly LinearisedShape Large = Linearised with
    {
        Transformer = Linearised.Transformer with
        {
            HiddenSize = 1536, IntermediateSize = 8960, Layers = 28, Heads = 12, KeyValueHeads = 2, HeadSize = 128,
        },
        OutputGate = false,
    };

    internal static Command Create()
    {
        var paper = new Option<bool>("--paper") { Description = "The paper's student (some 4 GB of memory) instead of the demo's." };
        var linearised = new Option<bool>("--linearised") { Description = "A linearised student of Qwen2.5-0.5B's shape with a window of 512 (some 4 GB of memory) instead." };
        var tokens = new Option<int>("--tokens")
        {
            Description = "Tokens to decode, after a quarter as many that do not count.", DefaultValueFactory = _ => 40,
        };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var torch = new Option<bool>("--torch") { Description = "The model in torch, too." };
        var cuda = new Option<bool>("--cuda") { Description = "On the GPU instead, by the number of sequences; --threads and --torch do not apply. With --linearised: of Qwen2.5-1.5B's shape, with windows of 0 and 512." };
        var sequences = new Option<int[]>("--sequences")
        {
            Description = "With --cuda: numbers of sequences.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 4, 8, 16, 32, 64],
        };
        var command = new Command("decode", "Decoding: milliseconds a token by format of the weights.")
        {
            paper, linearised, tokens, threads, torch, cuda, sequences,
        };
        command.SetAction(parsed =>
        {
            var (config, count) = (parsed.GetValue(paper) ? Paper : Demo, parsed.GetValue(tokens));
            if (parsed.GetValue(cuda))
            {
                var counts = parsed.GetRequiredValue(sequences);
                return parsed.GetValue(linearised)
                    ? CudaDecodeBench.Run([.. new[] { 0, 512 }.Select(Window)], count, counts) : CudaDecodeBench.Run([Student()], count, counts);
                (string, Func<string>) Window(int window) => (
                    $"linearised, window {window}", () => RandomLinearised.Write(Large with { Window = window, Sinks = window > 0 ? 4 : 0 }, bfloat16: true, repeated: true));
                (string, Func<string>) Student() => ($"{config.Blocks} blocks", () => RandomStudent.Write(config, bfloat16: true));
            }

            Run(
                parsed.GetValue(linearised) ? RandomLinearised.Write(Linearised, bfloat16: true) : RandomStudent.Write(config, bfloat16: true),
                count, parsed.GetValue(threads), parsed.GetValue(torch));
            return 0;
        });
        return command;
    }

    private static void Run(string folder, int tokens, int threads, bool withTorch)
    {
        try
        {
            Console.WriteLine($"{threads} threads; read bandwidth {Bandwidth(threads):F1} GB/s");
            Console.WriteLine("| weights | MB a token | ms a token | tokens/s | GB/s | prefill, tokens/s | batch 8, tokens/s |");
            Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|");
            foreach (var format in new[] { WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Int8, WeightFormat.Int4 })
            {
                Measure(folder, format, tokens, threads);
            }

            if (withTorch)
            {
                MeasureTorch(folder, tokens, threads);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(string folder, WeightFormat format, int tokens, int threads)
    {
        using var engine = StudentEngine.Open(folder, new() { Weights = format, Threads = threads });
        using var state = engine.NewState();
        var prompt = Enumerable.Range(0, engine.MaxRows)
            .Select(t => new StudentInput(state, t * 31 % engine.VocabularySize, t == engine.MaxRows - 1)).ToArray();
        var prefill = Median(8, _ => engine.Run(prompt)); // first, so that a window is full afterwards
        var alone = Median(tokens, t =>
        {
            var input = new StudentInput(state, t * 7919 % engine.VocabularySize, true);
            engine.Run(new ReadOnlySpan<StudentInput>(in input));
        });
        var states = Enumerable.Range(0, 8).Select(_ => engine.NewState()).ToArray();
        var inputs = new StudentInput[8];
        var batch = Median(tokens, t =>
        {
            for (var i = 0; i < inputs.Length; i++)
            {
                inputs[i] = new(states[i], (t + i) * 7919 % engine.VocabularySize, true);
            }

            engine.Run(inputs);
        });
        var moved = engine.WeightBytes / 1e6;
        Console.WriteLine(
            $"| {format} | {moved:F1} | {alone:F3} | {1000 / alone:F0} | {moved / alone:F1} | {1000 * prompt.Length / prefill:F0} | {8000 / batch:F0} |");
        foreach (var each in states)
        {
            each.Dispose();
        }
    }

    private static void MeasureTorch(string folder, int tokens, int threads)
    {
        set_num_threads(threads);
        using var model = LanguageModelLoader.Load(folder, CPU);
        using var state = model.StartDecoding(1);
        var alone = Median(tokens, t =>
        {
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            model.Decode(tensor(new[] { t * 7919L % model.VocabularySize }, 1, 1), state).matmul(model.HeadWeight.t()).argmax().item<long>();
        });
        Console.WriteLine($"| torch, float32 | | {alone:F3} | {1000 / alone:F0} | | | |");
    }

    /// <summary>Median milliseconds of a call, after a quarter as many that do not count.</summary>
    internal static double Median(int count, Action<int> run)
    {
        var times = new double[count];
        for (var i = -count / 4; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run(i + count);
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[count / 2];
    }

    private static unsafe double Bandwidth(int threads)
    {
        const int Parts = 64;
        using var buffer = new FloatBuffer(1L << 28);
        buffer.Span(0, 1 << 28).Fill(1);
        using var team = new WorkerTeam(threads);
        var work = new Reading(buffer, Parts);
        var best = double.PositiveInfinity;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            team.Run(work, Parts, long.MaxValue);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return buffer.Length * sizeof(float) / best / 1e9;
    }

    private sealed unsafe class Reading(FloatBuffer buffer, int parts) : IWork
    {
        private float _sum;

        public void Do(int part)
        {
            var length = buffer.Length / parts;
            var from = buffer.Start + part * length;
            Vector512<float> a = default, b = default, c = default, d = default;
            for (long i = 0; i < length; i += 64)
            {
                a += Vector512.Load(from + i);
                b += Vector512.Load(from + i + 16);
                c += Vector512.Load(from + i + 32);
                d += Vector512.Load(from + i + 48);
            }

            _sum += Vector512.Sum(a + b + c + d);
        }
    }
}
