namespace Distil.Core.Documents.Evaluations;

/// <summary>How well a model recalls tokens of random sequences of one length.</summary>
public sealed record RecallResult
{
    /// <value>The test.</value>
    public required RecallKind Kind { get; init; }

    /// <value>Tokens per sequence.</value>
    public required int Length { get; init; }

    /// <value>Sequences measured; errors are those of a sample of sequences.</value>
    public required int Sequences { get; init; }

    /// <value>Score of guessing: 1 / number of candidates, 0–1.</value>
    public required double Chance { get; init; }

    /// <value>Share of the tokens that the student ranks first among the candidates, 0–1.</value>
    public required Estimate Student { get; init; }

    /// <value>The teacher's share; null if it was not measured.</value>
    public Estimate? Teacher { get; init; }

    /// <value>Whether the teacher was not measured because the length exceeds its context.</value>
    public bool BeyondTeachersContext { get; init; }

    /// <value>How much of the teacher's share the student recovers; null if the teacher was not measured.</value>
    public Recovery? Recovery { get; init; }
}

/// <summary>The tests of a model's memory.</summary>
public enum RecallKind
{
    /// <summary>Pairs of a key and a value, then each key again: its value must follow (multi-query associative recall, arXiv 2312.04927).</summary>
    Associative,

    /// <summary>A stretch of tokens, then the same again: each token of it must follow.</summary>
    Copy,
}
