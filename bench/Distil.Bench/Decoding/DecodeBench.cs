using System.CommandLine;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Bench.Decoding;

/// <summary>Decoding on the CPU: the engine with each format of the weights, beside the model in torch and the machine's read bandwidth.</summary>
internal static class DecodeBench
{
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
            var (config, count) = (parsed.GetValue(paper) ? BenchStudents.Paper : BenchStudents.Demo, parsed.GetValue(tokens));
            if (parsed.GetValue(cuda))
            {
                var counts = parsed.GetRequiredValue(sequences);
                return parsed.GetValue(linearised)
                    ? CudaDecodeBench.Run([.. new[] { 0, 512 }.Select(Window)], count, counts) : CudaDecodeBench.Run([Student()], count, counts);
                (string, Func<string>) Window(int window) => (
                    $"linearised, window {window}", () => RandomLinearised.Write(BenchStudents.Large with { Window = window, Sinks = window > 0 ? 4 : 0 }, bfloat16: true, repeated: true));
                (string, Func<string>) Student() => ($"{config.Blocks} blocks", () => RandomStudent.Write(config, bfloat16: true));
            }

            Run(
                parsed.GetValue(linearised) ? RandomLinearised.Write(BenchStudents.Linearised, bfloat16: true) : RandomStudent.Write(config, bfloat16: true),
                count, parsed.GetValue(threads), parsed.GetValue(torch));
            return 0;
        });
        return command;
    }

    private static void Run(string folder, int tokens, int threads, bool withTorch)
    {
        try
        {
            Console.WriteLine($"{threads} threads; read bandwidth {ReadBandwidth.Of(threads):F1} GB/s");
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
        var prefill = StepTimes.Median(8, _ => engine.Run(prompt)); // first, so that a window is full afterwards
        var alone = StepTimes.Median(tokens, t =>
        {
            var input = new StudentInput(state, t * 7919 % engine.VocabularySize, true);
            engine.Run(new ReadOnlySpan<StudentInput>(in input));
        });
        var states = Enumerable.Range(0, 8).Select(_ => engine.NewState()).ToArray();
        var inputs = new StudentInput[8];
        var batch = StepTimes.Median(tokens, t =>
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
        var alone = StepTimes.Median(tokens, t =>
        {
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            model.Decode(tensor(new[] { t * 7919L % model.VocabularySize }, 1, 1), state).matmul(model.HeadWeight.t()).argmax().item<long>();
        });
        Console.WriteLine($"| torch, float32 | | {alone:F3} | {1000 / alone:F0} | | | |");
    }
}
