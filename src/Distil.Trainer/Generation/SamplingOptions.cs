namespace Distil.Trainer.Generation;

/// <summary>How the next token is chosen.</summary>
public sealed record SamplingOptions
{
    /// <value>Divides the logits, ≥ 0; 0 always takes the likeliest token. Default 0.8.</value>
    public double Temperature { get; init; } = 0.8;

    /// <value>Draws from the smallest set of likeliest tokens with at least this probability, over 0 to 1. Default 0.95.</value>
    public double TopP { get; init; } = 0.95;

    /// <value>Draws from at most this many of the likeliest tokens, ≥ 1. Default: no limit.</value>
    public int? TopK { get; init; }

    /// <value>The same seed and logits give the same tokens on every machine. Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <value>Always the likeliest token.</value>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };
}
