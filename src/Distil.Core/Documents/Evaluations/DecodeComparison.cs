namespace Distil.Core.Documents.Evaluations;

/// <summary>Decoding speed after a context of one length.</summary>
public sealed record DecodeComparison
{
    /// <value>Tokens read before decoding begins, ≥ 1.</value>
    public required int ContextLength { get; init; }

    /// <value>The student and its recurrent state.</value>
    public required DecodeMeasurement Student { get; init; }

    /// <value>The teacher and its KV cache; null if it was not measured.</value>
    public DecodeMeasurement? Teacher { get; init; }

    /// <value>Whether the teacher was not measured because the length exceeds its context.</value>
    public bool BeyondTeachersContext { get; init; }
}

/// <summary>The decoding speed of one model.</summary>
/// <param name="TokensPerSecond">Of all sequences together: number of sequences / median time per token.</param>
/// <param name="StateBytes">Size of the state after the context, before the first new token, in bytes.</param>
public sealed record DecodeMeasurement(double TokensPerSecond, long StateBytes);
