namespace Distil.Trainer.Distillation;

/// <summary>The weights of the head's loss in one optimiser step: L = CrossEntropy·CE + Kl·T²·KL(teacher_T ‖ student_T).</summary>
/// <param name="CrossEntropy">Weight of the next-token loss: 1 − α − β in Δ-distillation, 1 without a teacher.</param>
/// <param name="Kl">Weight of KL: α.</param>
/// <param name="Temperature">T, &gt; 0.</param>
public readonly record struct LossWeights(double CrossEntropy, double Kl, double Temperature)
{
    /// <value>Weights of the next-token loss alone, for training without a teacher.</value>
    public static LossWeights NextToken { get; } = new(1, 0, 1);
}
