namespace Distil.Trainer.Training;

/// <summary>What one optimiser step did: a line of <c>metrics.jsonl</c>.</summary>
public sealed record StepMetrics
{
    /// <value>Epoch, from 0.</value>
    public required int Epoch { get; init; }

    /// <value>Optimiser step in the epoch, from 0.</value>
    public required long Step { get; init; }

    /// <value>Optimiser step of the whole training, from 0.</value>
    public required long GlobalStep { get; init; }

    /// <value>The weighted sum that was minimised.</value>
    public required double Loss { get; init; }

    /// <value>Next-token cross-entropy, nats a token.</value>
    public required double CrossEntropy { get; init; }

    /// <value>KL from the teacher at the step's temperature, nats a position; null without a teacher.</value>
    public double? Kl { get; init; }

    /// <value>Distance of the hidden states, unweighted; null where none is measured.</value>
    public double? Alignment { get; init; }

    /// <value>α, the weight of KL; null without a teacher.</value>
    public double? Alpha { get; init; }

    /// <value>T, the temperature of KL; null without a teacher.</value>
    public double? Temperature { get; init; }

    /// <value>β, the weight of the alignment; null without a teacher.</value>
    public double? Beta { get; init; }

    /// <value>The optimiser's learning rate.</value>
    public required double LearningRate { get; init; }

    /// <value>Global norm of the gradient before clipping.</value>
    public required double GradientNorm { get; init; }

    /// <value>Tokens trained on in this step.</value>
    public required long Tokens { get; init; }

    /// <value>Speed since the last measurement, tokens a second.</value>
    public required double TokensPerSecond { get; init; }
}
