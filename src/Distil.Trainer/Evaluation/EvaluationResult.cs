using System.Text.Json.Serialization;
using Distil.Trainer.Evaluation.Recall;
using Distil.Trainer.Evaluation.Statistics;
using Distil.Trainer.Evaluation.Tasks;

namespace Distil.Trainer.Evaluation;

/// <summary>How well a student predicts held-out text, alone and beside its teacher.</summary>
public sealed record EvaluationResult
{
    /// <value>Rows read.</value>
    public required long Rows { get; init; }

    /// <value>Predicted tokens: each real token of a row but its first. Every number here is a mean over them.</value>
    public required long Tokens { get; init; }

    /// <value>Words among them, which word perplexity is over; null where no tokenizer says. See <see cref="TokenText"/>.</value>
    public long? Words { get; init; }

    /// <value>Bytes of their text, which byte perplexity and bits per byte are over; null where no tokenizer says.</value>
    public long? Bytes { get; init; }

    /// <value>The student.</value>
    public required ModelScore Student { get; init; }

    /// <value>The teacher on the same tokens; null where there was none.</value>
    public ModelScore? Teacher { get; init; }

    /// <value>KL(teacher ‖ student) at T = 1 over the whole vocabulary, in nats a token; null without a teacher.</value>
    public double? Kl { get; init; }

    /// <value>Standard error of <see cref="Kl"/>; like every one here that of a sample of rows.</value>
    public double? KlStandardError { get; init; }

    /// <value>Share of positions where both rank the same token first, 0–1; null without a teacher.</value>
    public double? Top1Agreement { get; init; }

    /// <value>Standard error of <see cref="Top1Agreement"/>.</value>
    public double? Top1AgreementStandardError { get; init; }

    /// <value>Student's perplexity over the teacher's; null without a teacher.</value>
    [JsonIgnore]
    public double? PerplexityRatio => Teacher is null ? null : Student.Perplexity / Teacher.Perplexity;

    /// <value>Standard error of <see cref="PerplexityRatio"/>: both models see the same rows, so it is smaller than theirs would make it.</value>
    public double? PerplexityRatioStandardError { get; init; }

    /// <value>Multiple-choice tasks, after the last epoch; null where there were none.</value>
    public IReadOnlyList<TaskResult>? Tasks { get; init; }

    /// <value>Share of the tasks whose student is within the tolerance of its teacher, 0–1 (the Win-and-Tie rate of arXiv 2603.15590); null without a
    /// teacher or tasks.</value>
    public double? TasksWithinTolerance { get; init; }

    /// <value>Recall and copying by length, after the last epoch; null where they were not measured.</value>
    public IReadOnlyList<RecallResult>? Recall { get; init; }
}

/// <summary>One model's next-token prediction.</summary>
/// <param name="CrossEntropy">Mean, in nats a token.</param>
/// <param name="Perplexity">Its exponential.</param>
/// <param name="Top1Accuracy">Share of tokens that the model ranked first, 0–1.</param>
public sealed record ModelScore(double CrossEntropy, double Perplexity, double Top1Accuracy)
{
    /// <value>Standard error of <see cref="CrossEntropy"/>; null where there is one row.</value>
    public double? CrossEntropyStandardError { get; init; }

    /// <value>Standard error of <see cref="Perplexity"/>.</value>
    public double? PerplexityStandardError { get; init; }

    /// <value>Standard error of <see cref="Top1Accuracy"/>.</value>
    public double? Top1AccuracyStandardError { get; init; }

    /// <value>The same by words and bytes; null where no tokenizer says what text the tokens are.</value>
    public TextScore? Text { get; init; }
}

/// <summary>A model's prediction by units of text, as lm-evaluation-harness has them: comparable between vocabularies.</summary>
/// <remarks>Ends of documents do not count.</remarks>
/// <param name="WordPerplexity">exp(−ln p of the text / words).</param>
/// <param name="BytePerplexity">exp(−ln p of the text / bytes).</param>
/// <param name="BitsPerByte">−log₂ p of the text / bytes.</param>
public sealed record TextScore(Estimate WordPerplexity, Estimate BytePerplexity, Estimate BitsPerByte);

/// <summary>How far an evaluation is.</summary>
/// <param name="Rows">Rows done.</param>
/// <param name="Tokens">Tokens predicted.</param>
public sealed record EvaluationProgress(long Rows, long Tokens);
