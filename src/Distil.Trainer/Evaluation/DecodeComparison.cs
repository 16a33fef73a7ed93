namespace Distil.Trainer.Evaluation;

/// <summary>How decoding is measured.</summary>
public sealed record DecodeBenchmarkOptions
{
    /// <value>Tokens decoded and timed after each context, ≥ 1; the median counts. Default 32.</value>
    public int Tokens { get; init; } = 32;

    /// <value>Sequences decoded side by side, ≥ 1. Default 1.</value>
    public int Batch { get; init; } = 1;

    /// <value>Tokens of the context read in one call, ≥ 1; bounds the memory of reading. Default 512.</value>
    public int PrefillTokens { get; init; } = 512;

    /// <value>Seeds the context's tokens. Default 1.</value>
    public int Seed { get; init; } = 1;
}

/// <summary>Decoding after a context of one length.</summary>
public sealed record DecodeComparison
{
    /// <value>Tokens read before decoding began.</value>
    public required int ContextLength { get; init; }

    /// <value>The student and its recurrent state.</value>
    public required DecodeMeasurement Student { get; init; }

    /// <value>The teacher and its KV cache; null where it was not measured.</value>
    public DecodeMeasurement? Teacher { get; init; }

    /// <value>Whether the teacher was left out because this is more than it can hold.</value>
    public bool BeyondTeachersContext { get; init; }
}

/// <summary>One model decoding.</summary>
/// <param name="TokensPerSecond">Of all sequences together: their number over the median time of a token.</param>
/// <param name="StateBytes">Bytes of state after the context, before the first new token.</param>
public sealed record DecodeMeasurement(double TokensPerSecond, long StateBytes);
