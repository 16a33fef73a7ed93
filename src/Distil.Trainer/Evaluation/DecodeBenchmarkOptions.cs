namespace Distil.Trainer.Evaluation;

/// <summary>How decoding is measured.</summary>
public sealed record DecodeBenchmarkOptions
{
    /// <value>Tokens decoded and timed after each context, ≥ 1; the result is their median. Default 32.</value>
    public int Tokens { get; init; } = 32;

    /// <value>Sequences decoded in parallel, ≥ 1. Default 1.</value>
    public int Batch { get; init; } = 1;

    /// <value>Tokens of the context read in one call, ≥ 1; this limits the memory for reading. Default 512.</value>
    public int PrefillTokens { get; init; } = 512;

    /// <value>Seed of the context's tokens. Default 1.</value>
    public int Seed { get; init; } = 1;
}
