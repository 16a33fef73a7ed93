using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Distillation;

/// <summary>CE, bucketed KL and their gradient by tensor operations, for GPUs without this project's kernels; tests compare both fused forms with it.</summary>
/// <remarks>
/// Kept tokens K, teacher q, student s, one bucket t for all other tokens: KL = Σ_K q·log(q/s) + q_t·log(q_t/s_t), and with respect to the logit
/// over T: s_j − q_j in K, s_j·(1 − q_t/s_t) elsewhere. s_t is summed from its own members: 1 − Σ_K s would cancel.
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
            : Kl(targets.Temperature == 1 ? logits : logits / targets.Temperature, teacher, targets.KlScale);

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

    private static (Tensor Kl, Tensor Gradient) Kl(Tensor tempered, TemperedTargets teacher, Tensor klScale)
    {
        var (ids, keptLog, tailLog) = teacher;                                               // (n, K), (n, K), (n)
        var logStudent = tempered - tempered.logsumexp(-1, keepdim: true);                            // (n, V), log s
        var kept = keptLog.exp();                                                                     // q; 0 if a slot is unused
        var studentKept = logStudent.gather(-1, ids);                                                 // log s in K
        var studentRest = logStudent.scatter_(-1, ids, full_like(keptLog, double.NegativeInfinity));  // log s outside K, −inf inside
        var studentTail = studentRest.logsumexp(-1);                                                  // log s_t
        var hasTail = tailLog.isneginf().logical_not_();
        var tailRatio = tailLog - studentTail;                                                        // log q_t/s_t
        var kl = (kept * (keptLog.clamp_min(float.MinValue) - studentKept)).sum(-1) + (tailLog.exp() * tailRatio).masked_fill(hasTail.logical_not(), 0);

        var rest = (1 - tailRatio.exp()).masked_fill_(hasTail.logical_not(), 1).mul_(klScale).unsqueeze(-1);
        var used = keptLog.isneginf().logical_not_().to(ScalarType.Float32);
        var inside = (studentKept.exp() * used - kept).mul_(klScale.unsqueeze(-1));           // (n, K); unused slots add 0 to the first token
        return (kl, studentRest.exp_().mul_(rest).scatter_add_(-1, ids, inside));
    }
}
