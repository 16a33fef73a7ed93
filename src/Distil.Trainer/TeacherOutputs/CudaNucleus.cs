using System.Collections.Concurrent;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>
/// The nucleus and the tail's sums as one CUDA kernel: two readings of each row of logits, no sort of the vocabulary. Equal to <see cref="Nucleus.Select"/>.
/// </summary>
internal static class CudaNucleus
{
    private const int Threads = 512, MaxTokens = 1024, MaxExponents = 12; // as the kernel has them

    private static readonly ConcurrentDictionary<int, CudaProgram> Programs = new();

    /// <summary>Why the kernel does not support settings; null if it does.</summary>
    internal static string? Limit(ExtractionSettings settings) =>
        settings.Keep.MaxTokens > MaxTokens ? $"up to {settings.Keep.MaxTokens} tokens are kept; the kernel supports {MaxTokens}"
        : ExponentsOf(settings).All.Count > MaxExponents ? $"the tail is summed at {ExponentsOf(settings).All.Count} temperatures; the kernel supports {MaxExponents}"
        : null;

    /// <summary>Selects from the logits of n positions.</summary>
    /// <param name="logits">(n, V) bfloat16 or float32, rows whole vectors of 16 bytes apart; not changed.</param>
    /// <param name="settings">As for <see cref="Nucleus.Select"/>.</param>
    /// <param name="found">Receives the result, as in <see cref="Nucleus.Select"/>.</param>
    internal static void Select(Tensor logits, ExtractionSettings settings, (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) found)
    {
        var (exponents, plain, nucleus) = ExponentsOf(settings);
        Span<float> x = stackalloc float[MaxExponents];
        for (var i = 0; i < exponents.Count; i++)
        {
            x[i] = (float)exponents[i];
        }
        var program = Programs.GetOrAdd(exponents.Count, count => new("extraction.cu", $"SUMS={count}"));
        program[logits.dtype == ScalarType.BFloat16 ? "extraction_bf16" : "extraction_float"].Launch(
            new(logits.shape[0], Threads), KernelArgument.Strided(logits), logits.stride(0), (int)logits.shape[1], (int)found.TokenIds.shape[1],
            (float)settings.Keep.TopP, settings.InverseTemperatures.Count, plain, nucleus, found.TokenIds, found.LogProbabilities, found.TailLogSumExp,
            x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11]);
    }

    /// <returns>The nodes' exponents, then 1 and the nucleus's if they are not among them; and the indices of these two.</returns>
    private static (List<double> All, int Plain, int Nucleus) ExponentsOf(ExtractionSettings settings)
    {
        var all = settings.InverseTemperatures.ToList();
        int IndexOf(double exponent)
        {
            var known = all.FindIndex(each => Math.Abs(each - exponent) < 1e-9);
            if (known >= 0)
            {
                return known;
            }
            all.Add(exponent);
            return all.Count - 1;
        }

        return (all, IndexOf(1), IndexOf(1 / settings.NucleusTemperature));
    }
}
