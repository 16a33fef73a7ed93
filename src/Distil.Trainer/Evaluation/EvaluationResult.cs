using System.Text.Json.Serialization;

namespace Distil.Trainer.Evaluation;

/// <summary>How well a student predicts held-out text, alone and beside its teacher.</summary>
public sealed record EvaluationResult
{
    /// <value>Rows read.</value>
    public required long Rows { get; init; }

    /// <value>Predicted tokens: each real token of a row but its first. Every number here is a mean over them.</value>
    public required long Tokens { get; init; }

    /// <value>The student.</value>
    public required ModelScore Student { get; init; }

    /// <value>The teacher on the same tokens; null where there was none.</value>
    public ModelScore? Teacher { get; init; }

    /// <value>KL(teacher ‖ student) at T = 1 over the whole vocabulary, in nats a token; null without a teacher.</value>
    public double? Kl { get; init; }

    /// <value>Share of positions where both rank the same token first, 0–1; null without a teacher.</value>
    public double? Top1Agreement { get; init; }

    /// <value>Student's perplexity over the teacher's; null without a teacher.</value>
    [JsonIgnore]
    public double? PerplexityRatio => Teacher is null ? null : Student.Perplexity / Teacher.Perplexity;
}

/// <summary>One model's next-token prediction.</summary>
/// <param name="CrossEntropy">Mean, in nats a token.</param>
/// <param name="Perplexity">Its exponential.</param>
/// <param name="Top1Accuracy">Share of tokens that the model ranked first, 0–1.</param>
public sealed record ModelScore(double CrossEntropy, double Perplexity, double Top1Accuracy);

/// <summary>How far an evaluation is.</summary>
/// <param name="Rows">Rows done.</param>
/// <param name="Tokens">Tokens predicted.</param>
public sealed record EvaluationProgress(long Rows, long Tokens);
