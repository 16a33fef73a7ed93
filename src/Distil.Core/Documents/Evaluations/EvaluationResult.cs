using System.Text.Json.Serialization;

namespace Distil.Core.Documents.Evaluations;

/// <summary>How well a student predicts held-out text, alone and compared with its teacher (<c>epoch-001.json</c>).</summary>
/// <remarks>Fields that this version does not know are ignored.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record EvaluationResult
{
    /// <value>Rows read.</value>
    public required long Rows { get; init; }

    /// <value>Predicted tokens: every real token of a row except its first. Every score here is a mean over them.</value>
    public required long Tokens { get; init; }

    /// <value>Words of their text, over which word perplexity is computed; null without a tokenizer.</value>
    public long? Words { get; init; }

    /// <value>Bytes of their text, over which byte perplexity and bits per byte are computed; null without a tokenizer.</value>
    public long? Bytes { get; init; }

    /// <value>The student's score.</value>
    public required ModelScore Student { get; init; }

    /// <value>The teacher's score on the same tokens; null without a teacher.</value>
    public ModelScore? Teacher { get; init; }

    /// <value>KL(teacher ‖ student) at T = 1 over the whole vocabulary, in nats per token; null without a teacher.</value>
    public double? Kl { get; init; }

    /// <value>Standard error of <see cref="Kl"/>. Like all standard errors here, it is that of a sample of rows.</value>
    public double? KlStandardError { get; init; }

    /// <value>Share of positions where both rank the same token first, 0–1; null without a teacher.</value>
    public double? Top1Agreement { get; init; }

    /// <value>Standard error of <see cref="Top1Agreement"/>.</value>
    public double? Top1AgreementStandardError { get; init; }

    /// <value>The student's perplexity divided by the teacher's; null without a teacher.</value>
    [JsonIgnore]
    public double? PerplexityRatio => Teacher is null ? null : Student.Perplexity / Teacher.Perplexity;

    /// <value>Standard error of <see cref="PerplexityRatio"/>, over paired rows: smaller than the two perplexities' own errors imply.</value>
    public double? PerplexityRatioStandardError { get; init; }

    /// <summary>This student's perplexity divided by another's on the same rows.</summary>
    /// <returns>Its standard error is an upper bound: it takes the errors of the two students for independent, and on the same rows they vary together. If both
    /// were compared with the teacher, the errors are those of their ratios to it.</returns>
    public Estimate PerplexityAgainst(EvaluationResult other)
    {
        var ratio = Student.Perplexity / other.Student.Perplexity;
        return RelativeError is { } own && other.RelativeError is { } others ? new Estimate(ratio, ratio * Math.Sqrt((own * own) + (others * others))) : new Estimate(ratio);
    }

    private double? RelativeError => PerplexityRatioStandardError / PerplexityRatio ?? Student.PerplexityStandardError / Student.Perplexity;

    /// <value>Multiple-choice tasks, after the last epoch; null if there were none.</value>
    public IReadOnlyList<TaskResult>? Tasks { get; init; }

    /// <value>Share of the tasks whose student is within the tolerance of its teacher, 0–1 (the Win-and-Tie rate of arXiv 2603.15590); null without a
    /// teacher or tasks.</value>
    public double? TasksWithinTolerance { get; init; }

    /// <value>What the parts of a linearised student contribute, after the last epoch; null for another student.</value>
    public BranchResult? Branches { get; init; }

    /// <value>Recall and copying by length, after the last epoch; null if they were not measured.</value>
    public IReadOnlyList<RecallResult>? Recall { get; init; }
}
