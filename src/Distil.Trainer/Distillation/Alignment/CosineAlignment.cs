using static TorchSharp.torch;

namespace Distil.Trainer.Distillation.Alignment;

/// <summary>Cosine distance between student and teacher hidden states (the authors' alternative to Frobenius).</summary>
internal static class CosineAlignment
{
    /// <summary>Mean over the real positions of 1 − cos(student, teacher mean).</summary>
    /// <param name="student">Final hidden state, (B, S, D).</param>
    /// <param name="teacherMean">Mean of the teacher's layers, (B, S, D).</param>
    /// <param name="mask">(B, S) of 1 and 0, or null if all positions are real.</param>
    internal static Tensor Loss(Tensor student, Tensor teacherMean, Tensor? mask)
    {
        var distance = 1 - nn.functional.cosine_similarity(student, teacherMean, dim: -1);            // (B, S)
        return mask is null ? distance.mean() : (distance * mask).sum() / mask.sum().clamp_min(1);
    }
}
