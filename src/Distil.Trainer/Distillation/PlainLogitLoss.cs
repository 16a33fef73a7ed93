using Distil.Trainer.Distillation.Divergences;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>CE, a divergence over buckets and their gradient by tensor operations, for GPUs without this project's kernels; tests compare both fused forms with it.</summary>
/// <remarks>
/// Kept tokens K, teacher q, student s, one bucket t for all other tokens: D = Σ_K d(q, s) + d(q_t, s_t), a sum of <see cref="Divergence"/>'s terms. With
/// g = ∂d/∂log s and G = Σ_K g + g_t, the derivative by the logit over T is g_j − s_j·G in K and s_j·(g_t/s_t − G) elsewhere; for forward KL, whose G is −1,
/// s_j − q_j and s_j·(1 − q_t/s_t). s_t is summed from its own members: 1 − Σ_K s would cancel. Tokens drawn from the tail add Σ w·(d(q, s) − q/q_t·d(q_t, s_t)),
/// whose expectation is the difference between the sum over the tail's tokens and the bucket: a divergence is homogeneous, d(q, q·s_t/q_t) = q/q_t·d(q_t, s_t). The
/// bucket's term so has the factor 1 − Σ w·q/q_t, and for forward KL G remains −1.
/// </remarks>
internal static class PlainLogitLoss
{
    /// <summary>Computes the losses of n positions; overwrites the logits with the gradient of the weighted sum.</summary>
    /// <param name="logits">(n, V) float32, overwritten.</param>
    /// <param name="targets">Targets of the same n positions.</param>
    internal static PositionLosses Apply(Tensor logits, LogitTargets targets)
    {
        using var scope = NewDisposeScope();
        var teacher = targets.Tempered();
        var (kl, klGradient) = teacher is null
            ? (zeros_like(targets.KlScale), null)
            : OfBuckets(targets.Temperature == 1 ? logits : logits / targets.Temperature, teacher, targets);

        var labels = targets.Labels.unsqueeze(-1);                                                    // (n, 1)
        var total = logits.logsumexp(-1, keepdim: true);                                              // (n, 1)
        var crossEntropy = (total - logits.gather(-1, labels)).squeeze(-1);                           // (n)
        var scale = targets.CrossEntropyScale.unsqueeze(-1);
        logits.sub_(total).exp_().mul_(scale).scatter_add_(-1, labels, -scale);                       // (softmax − one-hot)·scale
        if (klGradient is not null)
        {
            logits.add_(klGradient);
        }
        return new(crossEntropy.MoveToOuterDisposeScope(), kl.MoveToOuterDisposeScope());
    }

    private static (Tensor Loss, Tensor Gradient) OfBuckets(Tensor tempered, TemperedTargets teacher, LogitTargets targets)
    {
        var (ids, keptLog, tailLog, drawWeights) = teacher;                                           // (n, K + m), (n, K + m), (n), (n, m)
        var (slots, exact) = (ids.shape[1], ids.shape[1] - teacher.Draws);
        var logStudent = tempered - tempered.logsumexp(-1, keepdim: true);                            // (n, V), log s
        var studentOf = logStudent.gather(-1, ids);                                                   // log s of each slot
        var studentKept = studentOf.narrow(-1, 0, exact);
        var studentRest = logStudent.scatter_(-1, ids.narrow(-1, 0, exact), full_like(studentKept, double.NegativeInfinity)); // log s outside K, −inf inside
        var studentTail = studentRest.logsumexp(-1, keepdim: true).clamp_min(Divergence.LowestBucket); // (n, 1), log s_t

        var all = cat([keptLog, tailLog.unsqueeze(-1)], -1);                                          // (n, K + m + 1), log q, the bucket last
        var unused = all.isneginf();
        var (value, slope) = targets.Divergence.At(all.masked_fill(unused, 0), cat([studentOf, studentTail], -1));
        value.masked_fill_(unused, 0);
        slope.masked_fill_(unused, 0);
        if (drawWeights is not null)
        {
            var shares = drawWeights * (keptLog.narrow(-1, exact, teacher.Draws) - tailLog.unsqueeze(-1)).masked_fill(drawWeights.eq(0), 0).exp(); // w·q/q_t
            var weights = cat([ones_like(studentKept), drawWeights, 1 - shares.sum(-1, keepdim: true)], -1);
            value.mul_(weights);
            slope.mul_(weights);
        }

        var total = slope.sum(-1, keepdim: true);                                                     // (n, 1), G
        var (inside, tail) = (slope.narrow(-1, 0, slots), slope.narrow(-1, slots, 1));
        inside.narrow(-1, 0, exact).sub_(studentKept.exp().masked_fill(unused.narrow(-1, 0, exact), 0) * total); // unused slots add 0 to the first token
        var scale = targets.KlScale.unsqueeze(-1);
        var rest = (tail * studentTail.neg().exp() - total).mul_(scale);                              // (n, 1)
        return (value.sum(-1), studentRest.exp_().mul_(rest).scatter_add_(-1, ids, inside * scale));
    }
}
