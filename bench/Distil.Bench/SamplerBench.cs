using System.CommandLine;
using System.Diagnostics;
using Distil.Inference.Randomness;
using Distil.Inference.Sampling;

namespace Distil.Bench;

/// <summary>The choice of a token from a large vocabulary, beside a sampler that sorts it.</summary>
internal static class SamplerBench
{
    private const int Vocabulary = 151_936;

    internal static Command Create()
    {
        var command = new Command("sampler", $"Choosing a token of {Vocabulary:N0}: milliseconds by options, beside a sampler that sorts.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        Console.WriteLine("| largest probability | options | ms | sorting, ms |");
        Console.WriteLine("|--:|---|--:|--:|");
        foreach (var spread in new[] { 1.0, 2.2, 3.0 })
        {
            var random = new Random(5);
            var logits = Enumerable.Range(0, Vocabulary)
                .Select(_ => (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))).ToArray();
            var largest = Math.Exp(logits.Max()) / logits.Sum(logit => Math.Exp(logit));
            foreach (var (name, options) in new (string, SamplingOptions)[]
            {
                ("greedy", SamplingOptions.Greedy),
                ("T 0.8, top-p 0.95", new()),
                ("T 1, top-k 50", new() { Temperature = 1, TopP = 1, TopK = 50 }),
                ("T 1, top-k 40, top-p 0.95, min-p 0.05", new() { Temperature = 1, TopK = 40, MinP = 0.05 }),
                ("T 1, all", new() { Temperature = 1, TopP = 1 }),
                ("T 1, top-p 0.9, penalties", new() { Temperature = 1, TopP = 0.9, RepetitionPenalty = 1.1, PresencePenalty = 0.5 }),
            })
            {
                var (sampler, sorting) = (new Sampler(options), new SortingSampler(options));
                Console.WriteLine($"| {largest:F4} | {name} | {Median(() => sampler.Next(logits)):F3} | {Median(() => sorting.Next(logits)):F3} |");
            }
        }
    }

    private static double Median(Func<int> choose)
    {
        var times = new double[31];
        for (var i = -8; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            choose();
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    /// <summary>As samplers are usually written: exponentials in double precision, then a sort of what may be chosen. Without penalties.</summary>
    private sealed class SortingSampler(SamplingOptions options)
    {
        private readonly double[] _probabilities = new double[Vocabulary];
        private SplitMix64 _random = SplitMix64.At(options.Seed);

        internal int Next(float[] logits)
        {
            var max = logits.Max();
            if (options.Temperature == 0)
            {
                return Array.IndexOf(logits, max);
            }

            var total = 0.0;
            for (var i = 0; i < logits.Length; i++)
            {
                total += _probabilities[i] = Math.Exp((logits[i] - max) / options.Temperature);
            }

            var least = options.TopK is null ? (1 - options.TopP) * total / logits.Length : 0;
            var candidates = Enumerable.Range(0, logits.Length).Where(i => _probabilities[i] >= least).ToArray();
            Array.Sort(candidates, (a, b) => _probabilities[b] != _probabilities[a] ? _probabilities[b].CompareTo(_probabilities[a]) : a.CompareTo(b));
            candidates = candidates[..Math.Min(options.TopK ?? candidates.Length, candidates.Length)];
            var (mass, kept) = (options.TopP * (options.TopK is null ? total : candidates.Sum(i => _probabilities[i])), 0);
            for (var sum = 0.0; kept < candidates.Length && sum < mass; kept++)
            {
                sum += _probabilities[candidates[kept]];
            }

            var left = _random.NextDouble() * candidates.Take(kept).Sum(i => _probabilities[i]);
            return candidates.Take(kept).First(i => (left -= _probabilities[i]) < 0);
        }
    }
}
