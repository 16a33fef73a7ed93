using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>The LM head, its losses and their gradient, a chunk of positions at a time: (B, S, V) logits never exist in full.</summary>
/// <remarks>
/// Memory beyond inputs and results grows with the chunk: one (chunk, V) array, in the head's type with the CUDA kernel; the plain form on a GPU needs up to
/// four in float32.
/// </remarks>
public sealed class DistillationHead
{
    /// <summary>
    /// A chunk's logits on a GPU. On an H200 the fastest of 155, 311 and 415 MB (6.79, 6.79 and 6.73 ms for 4,096 positions and 151,936 entries).
    /// </summary>
    private const long ChunkBytes = 430_000_000;

    /// <summary>Rows that a matrix product takes at one time: chunks are whole multiples.</summary>
    private const int ProductRows = 128;

    private readonly Choice<LogitLoss> _loss;
    private readonly int? _chunkPositions;
    private readonly Divergence _divergence;

    /// <param name="backend">Which kernels may be used.</param>
    /// <param name="type">Element type of the head's weight.</param>
    /// <param name="sizes">Sizes of the teacher's outputs; null without a teacher.</param>
    /// <param name="chunkPositions">Positions whose logits exist at once, ≥ 1; null for what is fast on the device.</param>
    /// <param name="divergence">How the student is compared with the teacher; null for forward KL.</param>
    public DistillationHead(Backend backend, ScalarType type, TargetSizes? sizes = null, int? chunkPositions = null, DivergenceSpec? divergence = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkPositions ?? 1, 1, nameof(chunkPositions));
        (_loss, _chunkPositions, _divergence) = (LogitLoss.Choose(backend, type, sizes), chunkPositions, Divergence.Of(divergence ?? new()));
    }

    /// <value>The form of the losses.</value>
    public OperationForm Report => _loss.Report;

    /// <summary>Next-token loss and divergence from the teacher, with the gradient of their weighted sum.</summary>
    /// <param name="hidden">
    /// After the student's final norm, (B, S, D). Its graph is not followed: pass <see cref="HeadLoss.HiddenGradient"/> to its backward pass.
    /// </param>
    /// <param name="headWeight">(V, D).</param>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="lengths">(B), int64: real tokens of each row; or (B, S), float32: 1 at each position whose next token counts. Null if all are real.</param>
    /// <param name="targets">The teacher's outputs at the same positions; null without a teacher (KL is then 0).</param>
    /// <param name="weights">The weights of this step.</param>
    /// <param name="headGradient">Whether the head is trained too.</param>
    public HeadLoss Compute(
        Tensor hidden, Tensor headWeight, Tensor inputIds, Tensor? lengths, TeacherTargets? targets, LossWeights weights, bool headGradient = false)
    {
        var max = _chunkPositions ?? ChunkOf(headWeight);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var states = hidden.detach().reshape(-1, hidden.shape[^1]);                                   // (N, D)
        var hiddenGradient = empty_like(states);
        var weightGradient = headGradient ? zeros(headWeight.shape, ScalarType.Float32, headWeight.device) : null;
        var positions = states.shape[0];
        var losses = new PositionLosses(empty(positions, ScalarType.Float32, states.device), empty(positions, ScalarType.Float32, states.device));

        // One buffer for all chunks: aligned blocks that are freed and asked for again between small ones make the C heap grow by a chunk each time.
        var buffer = _loss.Run.Buffer(Math.Min(max, positions), headWeight);
        Tensor Chunk(long start) => states.narrow(0, start, Math.Min(max, positions - start));
        Tensor Logits(Tensor chunk)
        {
            var logits = buffer.narrow(0, 0, chunk.shape[0]);                                         // (n, V)
            Product(chunk.to(headWeight.dtype), headWeight.t(), logits);
            return logits;
        }

        var first = Logits(Chunk(0));                                                                 // a GPU multiplies while the targets are prepared
        var (real, labelled) = Masks(inputIds, lengths);
        var goal = Targets(inputIds, real, labelled, targets, weights, _divergence);
        for (var start = 0L; start < positions; start += max)
        {
            using var chunkScope = NewDisposeScope();
            var chunk = Chunk(start);
            var (count, logits) = (chunk.shape[0], start == 0 ? first : Logits(chunk));
            _loss.Run.Apply(logits, goal.Slice(start, count), losses.Slice(start, count));
            Product(logits.to(headWeight.dtype), headWeight, hiddenGradient.narrow(0, start, count)); // (n, D)
            weightGradient?.addmm_(logits.t().to(ScalarType.Float32), chunk.to(ScalarType.Float32));
        }

        return new(
            MeanOver(losses.CrossEntropy, labelled).MoveToOuterDisposeScope(),
            MeanOver(losses.Kl, real).MoveToOuterDisposeScope(),
            hiddenGradient.reshape(hidden.shape).MoveToOuterDisposeScope(),
            weightGradient?.MoveToOuterDisposeScope());
    }

    private static int ChunkOf(Tensor headWeight) => headWeight.device_type == DeviceType.CUDA
        ? (int)Math.Max(1, ChunkBytes / (headWeight.shape[0] * headWeight.element_size()) / ProductRows) * ProductRows
        : 512;

    /// <summary>Writes left·right to the result's memory; through a copy only if the dtype changes.</summary>
    private static void Product(Tensor left, Tensor right, Tensor result)
    {
        if (left.dtype == result.dtype)
        {
            result.addmm_(left, right, beta: 0);
        }
        else
        {
            result.copy_(left.matmul(right));
        }
    }

    /// <returns>1 at the positions that are real, and at those whose next token is, (N) each.</returns>
    private static (Tensor Real, Tensor Labelled) Masks(Tensor inputIds, Tensor? lengths)
    {
        var sequence = inputIds.shape[1];
        var counts = lengths ?? full([inputIds.shape[0]], sequence, ScalarType.Int64, inputIds.device);
        return (PaddingMask.Of(counts, sequence).flatten(), PaddingMask.Of(counts, sequence, offset: 1).flatten());
    }

    /// <summary>Labels, and each position's share of the weighted sum. Internal for the tests that start from logits.</summary>
    internal static LogitTargets Targets(
        Tensor inputIds, Tensor real, Tensor labelled, TeacherTargets? teacher, LossWeights weights, Divergence divergence = default) => new(
        inputIds.roll(-1, 1).flatten(),
        labelled * weights.CrossEntropy / labelled.sum().clamp_min(1),
        teacher,
        real * (teacher is null ? 0 : weights.Kl * weights.Temperature) / real.sum().clamp_min(1),
        weights.Temperature,
        divergence);

    private static Tensor MeanOver(Tensor losses, Tensor mask) =>
        losses.masked_fill(mask.eq(0), 0).sum(ScalarType.Float64) / mask.sum().clamp_min(1);
}
