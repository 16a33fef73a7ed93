namespace Distil.Trainer.Generation;

/// <summary>How the next token is chosen.</summary>
public sealed record SamplingOptions
{
    /// <value>Divides the logits, ≥ 0; at 0 the most likely token is always chosen. Default 0.8.</value>
    public double Temperature { get; init; } = 0.8;

    /// <value>Sampling uses the smallest set of most likely tokens with at least this probability, over 0 to 1. Default 0.95.</value>
    public double TopP { get; init; } = 0.95;

    /// <value>Sampling uses at most this many of the most likely tokens, ≥ 1. Default: no limit.</value>
    public int? TopK { get; init; }

    /// <value>The same seed and logits give the same tokens on every machine. Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <value>Options that always choose the most likely token.</value>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };
}
