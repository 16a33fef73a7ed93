using Distil.Trainer.Evaluation.Statistics;
using Distil.Trainer.Evaluation.Tasks;

namespace Distil.Trainer.Evaluation.Recall;

/// <summary>How well tokens of a random sequence are recalled at one length.</summary>
public sealed record RecallResult
{
    /// <value>What is asked.</value>
    public required RecallKind Kind { get; init; }

    /// <value>Tokens of a sequence.</value>
    public required int Length { get; init; }

    /// <value>Sequences measured; errors are those of a sample of sequences.</value>
    public required int Sequences { get; init; }

    /// <value>1 over the candidates: what guessing scores.</value>
    public required double Chance { get; init; }

    /// <value>Share of the tokens that the student ranks first among the candidates, 0–1.</value>
    public required Estimate Student { get; init; }

    /// <value>The teacher's; null where it was not measured.</value>
    public Estimate? Teacher { get; init; }

    /// <value>Whether the teacher was left out because this is more than it can hold.</value>
    public bool BeyondTeachersContext { get; init; }

    /// <value>The student's share beside the teacher's; null where the teacher was not measured.</value>
    public Recovery? Recovery { get; init; }
}
