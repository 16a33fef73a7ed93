using System.Text.Json.Serialization;

namespace Distil.Core.Documents;

/// <summary>The measurements of one optimiser step: a line of <c>metrics.jsonl</c>.</summary>
/// <remarks>Fields that this version does not know are ignored.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record StepMetrics
{
    /// <value>Epoch, from 0.</value>
    public required int Epoch { get; init; }

    /// <value>Optimiser step in the epoch, from 0.</value>
    public required long Step { get; init; }

    /// <value>Optimiser step since the start of training, from 0.</value>
    public required long GlobalStep { get; init; }

    /// <value>The weighted sum of losses that was minimised.</value>
    public required double Loss { get; init; }

    /// <value>Next-token cross-entropy, in nats per token; null in a stage whose loss does not contain it.</value>
    public double? CrossEntropy { get; init; }

    /// <value>Loss of each replaced layer of a linearised student, in the stage that aligns them with the teacher's attention; null in other
    /// stages.</value>
    public IReadOnlyList<double>? LayerLosses { get; init; }

    /// <value>The divergence from the teacher that is trained, by default KL(teacher ‖ student), at the step's temperature, in nats per position; null without a
    /// teacher.</value>
    public double? Kl { get; init; }

    /// <value>Distance of the hidden states, unweighted; null if it is not measured.</value>
    public double? Alignment { get; init; }

    /// <value>α, the weight of the divergence; null without a teacher.</value>
    public double? Alpha { get; init; }

    /// <value>T, the temperature of the divergence; null without a teacher.</value>
    public double? Temperature { get; init; }

    /// <value>β, the weight of the alignment; null without a teacher.</value>
    public double? Beta { get; init; }

    /// <value>The optimiser's learning rate.</value>
    public required double LearningRate { get; init; }

    /// <value>Global norm of the gradient before clipping, ≥ 0.</value>
    public required double GradientNorm { get; init; }

    /// <value>Tokens trained on in this step.</value>
    public required long Tokens { get; init; }

    /// <value>Those of them that count in the losses; null if the rows have no masks.</value>
    public long? Labels { get; init; }

    /// <value>Speed since the last measurement, in tokens per second.</value>
    public required double TokensPerSecond { get; init; }
}
