namespace Distil.Inference.Sampling;

/// <summary>How the next token is chosen.</summary>
public sealed record SamplingOptions
{
    /// <value>Divides the logits, ≥ 0; at 0 the most likely token is always chosen. Default 0.8.</value>
    public double Temperature { get; init; } = 0.8;

    /// <value>Sampling uses the smallest set of most likely tokens with at least this probability, over 0 to 1. Default 0.95.</value>
    public double TopP { get; init; } = 0.95;

    /// <value>Sampling uses at most this many of the most likely tokens, ≥ 1. Default: no limit.</value>
    public int? TopK { get; init; }

    /// <value>Sampling uses only tokens with at least this share of the most likely token's probability, 0 to 1. Default 0: all.</value>
    public double MinP { get; init; }

    /// <value>Divides the positive logits of tokens that occur in the prompt or the text, and multiplies the negative ones; over 0. Default 1: none.</value>
    public double RepetitionPenalty { get; init; } = 1;

    /// <value>Is subtracted from the logits of tokens that occur in the new text, −2 to 2. Default 0.</value>
    public double PresencePenalty { get; init; }

    /// <value>Is subtracted from a token's logit for each time that it occurs in the new text, −2 to 2. Default 0.</value>
    public double FrequencyPenalty { get; init; }

    /// <value>The same seed and logits give the same tokens on every machine. Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <value>Options that always choose the most likely token.</value>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <value>Whether the most likely token is always chosen, as the model ranks it.</value>
    internal bool IsGreedy => Temperature == 0 && !Penalizes;

    /// <value>What logits are multiplied by; 0 for a temperature of 0.</value>
    internal float InverseTemperature => Temperature == 0 ? 0 : (float)Math.Clamp(1 / Temperature, float.Epsilon, float.MaxValue);

    /// <value>Whether logits depend on the tokens before them.</value>
    internal bool Penalizes => RepetitionPenalty != 1 || PresencePenalty != 0 || FrequencyPenalty != 0;
}
