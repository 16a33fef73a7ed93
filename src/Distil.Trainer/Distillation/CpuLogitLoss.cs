using System.Runtime.InteropServices;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>CE, a divergence over buckets and their gradient on the CPU: three passes over each row of logits while it is in the cache, with rows divided among
/// threads.</summary>
/// <remarks>Equal to <see cref="PlainLogitLoss"/>, which gives the equations. Rows are independent, so the result does not depend on the number of
/// threads.</remarks>
internal static unsafe class CpuLogitLoss
{
    /// <inheritdoc cref="PlainLogitLoss.Apply"/>
    internal static PositionLosses Apply(Tensor logits, LogitTargets targets)
    {
        using var scope = NewDisposeScope();
        var rows = (int)logits.shape[0];
        var teacher = targets.Tempered();
        var crossEntropy = zeros(rows);
        var kl = zeros(rows);
        fixed (float* z = Floats(logits), ceScale = Floats(targets.CrossEntropyScale), klScale = Floats(targets.KlScale))
        fixed (float* ce = Floats(crossEntropy), klOut = Floats(kl))
        fixed (float* keptLog = teacher is null ? [] : Floats(teacher.KeptLog), tailLog = teacher is null ? [] : Floats(teacher.TailLog))
        fixed (float* drawWeights = teacher?.DrawWeights is { } weights ? Floats(weights) : [])
        fixed (long* labels = Longs(targets.Labels), ids = teacher is null ? [] : Longs(teacher.TokenIds))
        {
            var batch = new Batch
            {
                Logits = z, CrossEntropyScale = ceScale, KlScale = klScale, Labels = labels,
                TokenIds = ids, KeptLog = keptLog, TailLog = tailLog, DrawWeights = drawWeights, Draws = teacher?.Draws ?? 0,
                Vocabulary = (int)logits.shape[1], Kept = teacher is null ? 0 : (int)teacher.TokenIds.shape[1],
                InverseTemperature = (float)(1 / targets.Temperature), CrossEntropy = ce, Kl = klOut, Divergence = targets.Divergence,
            };
            var threads = Math.Min(rows, get_num_threads());
            Parallel.For(0, threads, part => batch.Rows(rows * part / threads, rows * (part + 1) / threads));
        }

        return new(crossEntropy.MoveToOuterDisposeScope(), kl.MoveToOuterDisposeScope());
    }

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Span<long> Longs(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.bytes);

    /// <summary>Pointers into the tensors of one call, valid only during the call.</summary>
    private sealed class Batch
    {
        internal required float* Logits, CrossEntropyScale, KlScale, KeptLog, TailLog, DrawWeights, CrossEntropy, Kl;
        internal required long* Labels, TokenIds;
        internal required int Vocabulary, Kept, Draws;
        internal required float InverseTemperature;
        internal required Divergence Divergence;

        internal void Rows(int from, int to)
        {
            var scratch = InverseTemperature == 1 || Kept == 0 ? [] : new float[Vocabulary];
            var (kept, slopes) = (new float[Kept], new double[Kept]);
            for (var row = from; row < to; row++)
            {
                Row(row, new Span<float>(Logits + (long)row * Vocabulary, Vocabulary), scratch, kept, slopes);
            }
        }

        /// <param name="row">Index of the row.</param>
        /// <param name="z">Its logits, then its gradient.</param>
        /// <param name="plain">Space for exp(z − max) if T ≠ 1; empty if T = 1, because the tempered values are then the same.</param>
        /// <param name="kept">Space for the kept tokens' z − max.</param>
        /// <param name="slopes">Space for the derivatives of their terms.</param>
        private void Row(int row, Span<float> z, Span<float> plain, Span<float> kept, Span<double> slopes)
        {
            var ids = new ReadOnlySpan<long>(TokenIds + (long)row * Kept, Kept);
            var q = new ReadOnlySpan<float>(KeptLog + (long)row * Kept, Kept);
            var weights = new ReadOnlySpan<float>(DrawWeights + (long)row * Draws, Draws);
            var exact = Kept - Draws;
            var max = SimdSoftmax.Max(z);
            var label = z[(int)Labels[row]] - max;
            for (var i = 0; i < Kept; i++)
            {
                kept[i] = z[(int)ids[i]] - max;
            }

            // Kept tokens are removed from the row here and come back as gradients: the sum below is over the rest, without cancellation. Draws are of the rest.
            foreach (var id in ids[..exact])
            {
                z[(int)id] = float.NegativeInfinity;
            }

            var (rest, plainTotal) = SimdSoftmax.Exponentials(z, max, InverseTemperature, plain);
            double total = rest;
            for (var i = 0; i < exact; i++)
            {
                if (float.IsNegativeInfinity(q[i]))
                {
                    continue;
                }
                total += Math.Exp(kept[i] * InverseTemperature);
                plainTotal += Math.Exp(kept[i]);
            }

            if (plain.IsEmpty)
            {
                plainTotal = total;
            }
            CrossEntropy[row] = (float)(Math.Log(plainTotal) - label);

            // Gradient = softmax·a + (g − s·G)·b: PlainLogitLoss has the equations.
            var a = (float)(CrossEntropyScale[row] / plainTotal);
            var b = (float)(KlScale[row] / total);
            var (slopeSum, ratio) = (0.0, 0.0);
            if (Kept > 0)
            {
                var logTotal = Math.Log(total);
                var bucket = default(DivergenceTerm);
                if (!float.IsNegativeInfinity(TailLog[row]))
                {
                    var logRest = Math.Max(Math.Log(rest) - logTotal, Divergence.LowestBucket);
                    bucket = Divergence.At(TailLog[row], logRest) * BucketWeight(q[exact..], weights, TailLog[row]);
                    ratio = bucket.Slope * Math.Exp(-logRest);
                }

                (var sum, slopeSum) = (bucket.Value, bucket.Slope);
                for (var i = 0; i < Kept; i++)
                {
                    if (!float.IsNegativeInfinity(q[i]))
                    {
                        var term = Divergence.At(q[i], kept[i] * InverseTemperature - logTotal) * (i < exact ? 1 : weights[i - exact]);
                        slopes[i] = term.Slope;
                        sum += term.Value;
                        slopeSum += term.Slope;
                    }
                }

                Kl[row] = (float)sum;
            }

            SimdSoftmax.Combine(z, plain, a, (float)(b * (ratio - slopeSum)));
            for (var i = 0; i < Kept; i++)
            {
                if (i < exact && !float.IsNegativeInfinity(q[i]))
                {
                    z[(int)ids[i]] = (float)(a * Math.Exp(kept[i]) - b * slopeSum * Math.Exp(kept[i] * InverseTemperature) + KlScale[row] * slopes[i]);
                }
                else if (!float.IsNegativeInfinity(q[i]))
                {
                    z[(int)ids[i]] += (float)(KlScale[row] * slopes[i]);
                }
            }

            z[(int)Labels[row]] -= CrossEntropyScale[row];
        }

        /// <summary>1 − Σ w·q/q_t over the draws.</summary>
        private static double BucketWeight(ReadOnlySpan<float> logs, ReadOnlySpan<float> weights, float tail)
        {
            var weight = 1.0;
            for (var i = 0; i < weights.Length; i++)
            {
                weight -= weights[i] == 0 ? 0 : weights[i] * Math.Exp(logs[i] - tail);
            }
            return weight;
        }
    }
}
