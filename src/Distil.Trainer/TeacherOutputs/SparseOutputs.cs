using Distil.Core.Documents;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Computes the sparse form of a teacher's distributions from its final hidden states. Logits exist for one chunk of positions at a time.</summary>
internal sealed class SparseOutputs
{
    private readonly ExtractionSettings _settings;
    private readonly Choice<Action<Tensor, (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp)>> _select;

    /// <param name="backend">Which kernels may be used.</param>
    /// <param name="type">Element type of the head's weight.</param>
    /// <param name="settings">The stored part of the outputs.</param>
    internal SparseOutputs(Backend backend, ScalarType type, ExtractionSettings settings)
    {
        _settings = settings;
        _select = backend.Choose<Action<Tensor, (Tensor, Tensor, Tensor)>>(
            Operation.Extraction, type, (logits, found) => Nucleus.Select(logits.to(ScalarType.Float32), settings, found),
            new Candidate<Action<Tensor, (Tensor, Tensor, Tensor)>>(
                Kernel.ExtractionCuda, (logits, found) => CudaNucleus.Select(logits, settings, found), () => CudaNucleus.Limit(settings)),
            new Candidate<Action<Tensor, (Tensor, Tensor, Tensor)>>(Kernel.ExtractionCpu, (logits, found) => CpuNucleus.Select(logits, settings, found)));
    }

    /// <value>The form of the extraction.</value>
    internal OperationForm Report => _select.Report;

    /// <summary>Computes the sparse outputs, without hidden states.</summary>
    /// <param name="final">Hidden states after the teacher's final norm, (B, S, D).</param>
    /// <param name="headWeight">(V, D).</param>
    /// <param name="lengths">(B), int64, or a mask (B, S), as in <see cref="PaddingMask"/>; null if all positions are real.</param>
    /// <param name="form">How logits follow from the products with the head; null if they are the products.</param>
    internal TeacherTargets Of(Tensor final, Tensor headWeight, Tensor? lengths, LogitForm? form = null)
    {
        using var scope = NewDisposeScope();
        var states = final.reshape(-1, final.shape[^1]);                                              // (N, D)
        var (positions, vocabulary, device) = (states.shape[0], headWeight.shape[0], final.device);
        var max = Math.Min(_settings.Keep.MaxTokens, vocabulary);
        var (ids, kept) = (empty([positions, max], ScalarType.Int64, device), empty([positions, max], ScalarType.Float32, device));
        var tail = empty([positions, _settings.InverseTemperatures.Count], ScalarType.Float32, device);
        var draws = Math.Min(_settings.Keep.TailDraws, vocabulary);
        var drawn = (Ids: empty([positions, draws], ScalarType.Int64, device), Kept: empty([positions, draws], ScalarType.Float32, device),
            Counts: empty([positions, draws], ScalarType.Float32, device));
        var stride = (vocabulary + 7) / 8 * 8;                                                        // rows of whole vectors, for the kernel
        var buffer = empty([Math.Min(_settings.ChunkPositions, positions), stride], headWeight.dtype, device).narrow(1, 0, vocabulary);
        for (var start = 0L; start < positions; start += _settings.ChunkPositions)
        {
            using var chunkScope = NewDisposeScope();
            var count = Math.Min(_settings.ChunkPositions, positions - start);
            var logits = buffer.narrow(0, 0, count).addmm_(states.narrow(0, start, count), headWeight.t(), beta: 0); // (n, V)
            logits = form?.ApplyIn(logits) ?? logits;
            var whole = draws == 0 ? null : logits.to(ScalarType.Float32, copy: true);
            var found = (ids.narrow(0, start, count), kept.narrow(0, start, count), tail.narrow(0, start, count));
            _select.Run(logits, found);
            if (whole is not null)
            {
                TailDraws.Draw(whole, found, _settings.InverseTemperatures,
                    (drawn.Ids.narrow(0, start, count), drawn.Kept.narrow(0, start, count), drawn.Counts.narrow(0, start, count)));
            }
        }

        // Slots that no position uses need not be stored, but finding them would mean waiting for a GPU.
        var width = _select.IsCuda ? max : kept.isneginf().logical_not_().sum(-1).max().item<long>();
        var targets = new TeacherTargets(
            Joined(ids, drawn.Ids), Joined(kept, drawn.Kept), tail, _settings.InverseTemperatures, MeanHidden: null)
        {
            Draws = draws == 0 ? null : drawn.Counts,
        };
        if (lengths is not null)
        {
            targets = WithPadding(targets, PaddingMask.Of(lengths, final.shape[1]).flatten().eq(0));
        }

        return targets.MoveToOuterDisposeScope();

        Tensor Joined(Tensor found, Tensor alsoDrawn) =>
            draws == 0 ? found.narrow(-1, 0, width).contiguous() : cat([found.narrow(-1, 0, width), alsoDrawn], -1);
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
            Draws = targets.Draws?.masked_fill(column, 0),
        };
    }
}
