using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The nucleus and the tail's sums on the CPU: a few passes over each row of logits while it is in the cache, no sort of the vocabulary, with rows
/// divided among threads. Equal to <see cref="Nucleus.Select"/>; of equal probabilities, the lower id comes first.</summary>
/// <remarks>Rows are independent, so the result does not depend on the number of threads.</remarks>
internal static unsafe class CpuNucleus
{
    /// <summary>Tokens whose largest value is remembered: finding the next token costs one pass over the blocks' and one over a block.</summary>
    private const int Block = 128;

    /// <summary>Values that are added in float32; the sums of so many are added in float64.</summary>
    private const int Summed = 4096;

    /// <summary>Selects from the logits of n positions.</summary>
    /// <param name="logits">(n, V) float32, entries of a row side by side; overwritten.</param>
    /// <param name="settings">As for <see cref="Nucleus.Select"/>.</param>
    /// <param name="found">Receives the result, as in <see cref="Nucleus.Select"/>; dense.</param>
    internal static void Select(Tensor logits, ExtractionSettings settings, (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) found)
    {
        var (rows, vocabulary, most) = ((int)logits.shape[0], (int)logits.shape[1], (int)found.TokenIds.shape[1]);
        var (z, stride) = (TensorMemory.Floats(logits), logits.stride(0));
        var (ids, logs, tails) = (
            TensorMemory.Address(found.TokenIds), TensorMemory.Floats(found.LogProbabilities), TensorMemory.Floats(found.TailLogSumExp));
        var nodes = settings.InverseTemperatures.Select(x => (float)x).ToArray();
        var threads = Math.Min(rows, get_num_threads());
        Parallel.For(0, threads, part =>
        {
            var scratch = new float[vocabulary];
            var best = new float[(vocabulary + Block - 1) / Block];
            for (var row = rows * part / threads; row < rows * (part + 1) / threads; row++)
            {
                Row(
                    new Span<float>((float*)z + (row * stride), vocabulary), settings, nodes, scratch, best,
                    new Span<long>((long*)ids + ((long)row * most), most), new Span<float>((float*)logs + ((long)row * most), most),
                    new Span<float>((float*)tails + ((long)row * nodes.Length), nodes.Length));
            }
        });
        GC.KeepAlive((logits, found));
    }

    private static void Row(
        Span<float> z, ExtractionSettings settings, float[] nodes, Span<float> scratch, Span<float> best, Span<long> ids, Span<float> logs, Span<float> tails)
    {
        var max = SimdSoftmax.Max(z);
        var sum = LogSum(z, max, 1, scratch);                                          // log p = z − sum
        var x = (float)(1 / settings.NucleusTemperature);
        var nucleus = x == 1 ? sum : LogSum(z, max, x, scratch);                       // log q = x·z − nucleus
        for (var block = 0; block < best.Length; block++)
        {
            best[block] = SimdSoftmax.Max(Of(z, block));
        }

        var (mass, used) = (0.0, 0);
        while (used < ids.Length && Nucleus.Needs(settings.Keep, used, mass))
        {
            var block = best.IndexOf(SimdSoftmax.Max(best));
            var id = (block * Block) + Of(z, block).IndexOf(best[block]);
            (ids[used], logs[used]) = (id, (float)(z[id] - sum));
            mass += Math.Exp((x * (double)z[id]) - nucleus);
            z[id] = float.NegativeInfinity;
            best[block] = SimdSoftmax.Max(Of(z, block));
            used++;
        }

        ids[used..].Fill(ids[0]);
        logs[used..].Fill(float.NegativeInfinity);
        var rest = SimdSoftmax.Max(best);
        for (var node = 0; node < nodes.Length; node++)
        {
            tails[node] = float.IsNegativeInfinity(rest) ? rest : (float)(LogSum(z, rest, nodes[node], scratch) - (nodes[node] * sum));
        }
    }

    /// <summary>log Σ exp(x·z).</summary>
    private static double LogSum(ReadOnlySpan<float> z, float max, float x, Span<float> scratch)
    {
        z.CopyTo(scratch);
        var sum = 0.0;
        for (var from = 0; from < z.Length; from += Summed)
        {
            sum += SimdSoftmax.Exponentials(scratch.Slice(from, Math.Min(Summed, z.Length - from)), max, x, []).Scaled;
        }

        return (x * (double)max) + Math.Log(sum);
    }

    private static Span<float> Of(Span<float> z, int block) => z.Slice(block * Block, Math.Min(Block, z.Length - (block * Block)));
}
