using System.Runtime.InteropServices;
using Distil.Bench.Decoding;
using Distil.Core.Specification;
using Distil.Inference.Matrices;
using Distil.Inference.Tests.Engines;
using LLama.Native;

namespace Distil.Bench.Peers;

/// <summary>Lets all decode in turns: what else the machine does meets them equally.</summary>
internal static class PeerRounds
{
    internal static void Run(int threads, int tokens, int rounds)
    {
        var student = BenchStudents.Paper;
        var folder = RandomStudent.Write(student, bfloat16: true);
        var peers = new List<IPeer>();
        try
        {
            foreach (var (format, form, type) in new[] { (WeightFormat.Int8, WeightForm.Int8, GgufType.Q8), (WeightFormat.Int4, WeightForm.Int4, GgufType.Q4) })
            {
                var own = new EnginePeer(folder, format, threads);
                peers.Add(own);
                peers.Add(new LlamaPeer(student, type, own.Bytes, threads));
                peers.Add(new OnnxPeer(folder, student.VocabularySize, form, threads, own.Bytes));
            }

            Console.WriteLine($"{threads} threads; llama.cpp: {Marshal.PtrToStringUTF8(NativeApi.llama_print_system_info())}");
            Measure(peers, threads, tokens, rounds);
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(IReadOnlyList<IPeer> peers, int threads, int tokens, int rounds)
    {
        using var reading = new ReadBandwidth(threads);
        var (read, best) = (0.0, peers.ToDictionary(peer => peer, _ => double.PositiveInfinity));
        for (var round = 0; round < rounds; round++)
        {
            read = Math.Max(read, Enumerable.Range(0, 3).Max(_ => reading.Measure()));
            foreach (var peer in peers)
            {
                best[peer] = Math.Min(best[peer], StepTimes.Median(tokens, t => peer.Step(t * 7919)));
                Thread.Sleep(300); // its threads spin for a while
            }
        }

        Console.WriteLine($"read bandwidth {read:F1} GB/s; the best of {rounds} rounds' medians of {tokens} tokens");
        Console.WriteLine("| | MB a token | ms a token | tokens/s | GB/s | of the read bandwidth | Distil's rate, times |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|");
        var own = double.NaN;
        foreach (var peer in peers)
        {
            own = peer is EnginePeer ? best[peer] : own;
            var (ms, moved) = (best[peer], peer.Bytes / 1e6);
            Console.WriteLine($"| {peer.Name} | {moved:F1} | {ms:F2} | {1000 / ms:F1} | {moved / ms:F1} | {moved / ms / read:F2} | {(peer is EnginePeer ? "" : $"{ms / own:F2}")} |");
        }
    }
}
