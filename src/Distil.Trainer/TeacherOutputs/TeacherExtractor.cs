using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Runs the teacher over rows of tokens and returns its outputs in sparse form. Logits exist for one chunk of positions at a time.</summary>
public sealed class TeacherExtractor(ILanguageModel teacher, ExtractionSettings settings)
{
    /// <summary>Computes the teacher's outputs for a batch of rows, on the teacher's device.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="lengths">(B), int64: real tokens of each row; null if all are real.</param>
    public TeacherTargets Extract(Tensor inputIds, Tensor? lengths = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (final, mean) = settings.MeanHidden ? teacher.ForwardWithMean(inputIds) : (teacher.Forward(inputIds), null);
        var sparse = Sparse(final, teacher.HeadWeight, settings, lengths);
        return new(
            sparse.TokenIds.MoveToOuterDisposeScope(), sparse.LogProbabilities.MoveToOuterDisposeScope(), sparse.TailLogSumExp.MoveToOuterDisposeScope(),
            sparse.InverseTemperatures, mean?.MoveToOuterDisposeScope());
    }

    /// <summary>Computes the sparse outputs from final hidden states, as <see cref="Extract"/> does.</summary>
    /// <param name="final">Hidden states after the teacher's final norm, (B, S, D).</param>
    /// <param name="headWeight">(V, D).</param>
    /// <param name="settings">Which part of the outputs is stored.</param>
    /// <param name="lengths">(B), int64; null if all positions are real.</param>
    internal static TeacherTargets Sparse(Tensor final, Tensor headWeight, ExtractionSettings settings, Tensor? lengths)
    {
        using var scope = NewDisposeScope();
        var states = final.reshape(-1, final.shape[^1]);                                              // (N, D)
        var (positions, vocabulary, device) = (states.shape[0], headWeight.shape[0], final.device);
        var most = Math.Min(settings.Keep.MaxTokens, vocabulary);
        var (ids, kept) = (empty([positions, most], ScalarType.Int64, device), empty([positions, most], ScalarType.Float32, device));
        var tail = empty([positions, settings.InverseTemperatures.Count], ScalarType.Float32, device);
        var kernel = CudaNucleus.Serves(headWeight, settings);
        var stride = (vocabulary + 7) / 8 * 8;                                                        // rows of whole vectors, for the kernel
        var buffer = empty([Math.Min(settings.ChunkPositions, positions), stride], headWeight.dtype, device).narrow(1, 0, vocabulary);
        for (var start = 0L; start < positions; start += settings.ChunkPositions)
        {
            using var chunkScope = NewDisposeScope();
            var count = Math.Min(settings.ChunkPositions, positions - start);
            var logits = buffer.narrow(0, 0, count).addmm_(states.narrow(0, start, count), headWeight.t(), beta: 0); // (n, V)
            var found = (ids.narrow(0, start, count), kept.narrow(0, start, count), tail.narrow(0, start, count));
            if (kernel)
            {
                CudaNucleus.Select(logits, settings, found);
            }
            else
            {
                Nucleus.Select(logits.to(ScalarType.Float32), settings, found);
            }
        }

        var targets = new TeacherTargets(ids, kept, tail, settings.InverseTemperatures, MeanHidden: null);
        if (lengths is not null)
        {
            targets = WithPadding(targets, PaddingMask.Of(lengths, final.shape[1]).flatten().eq(0));
        }

        // Slots that no position uses are dropped on the CPU only: to find them on a GPU, the host would have to wait for it.
        var width = kernel ? most : targets.LogProbabilities.isneginf().logical_not_().sum(-1).max().item<long>();
        return targets with
        {
            TokenIds = targets.TokenIds.narrow(-1, 0, width).contiguous().MoveToOuterDisposeScope(),
            LogProbabilities = targets.LogProbabilities.narrow(-1, 0, width).contiguous().MoveToOuterDisposeScope(),
            TailLogSumExp = targets.TailLogSumExp.MoveToOuterDisposeScope(),
        };
    }

    /// <summary>Sets token 0 with probability 1 at padding.</summary>
    private static TeacherTargets WithPadding(TeacherTargets targets, Tensor padding)
    {
        var column = padding.unsqueeze(-1);
        var kept = targets.LogProbabilities.masked_fill(column, double.NegativeInfinity);
        kept.narrow(-1, 0, 1).masked_fill_(column, 0);
        return targets with
        {
            TokenIds = targets.TokenIds.masked_fill(column, 0),
            LogProbabilities = kept,
            TailLogSumExp = targets.TailLogSumExp.masked_fill(column, double.NegativeInfinity),
        };
    }
}
