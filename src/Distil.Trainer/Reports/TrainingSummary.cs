using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Reports;

/// <summary>What was measured after an epoch.</summary>
public sealed record EpochSummary
{
    /// <value>Epoch, from 1: as people count.</value>
    public required int Epoch { get; init; }

    /// <value>The student trained with the teacher.</value>
    public required EvaluationResult Distilled { get; init; }

    /// <value>The same student trained for the same steps on the text alone; null where the run had none.</value>
    public EvaluationResult? WithoutTeacher { get; init; }
}

/// <summary>How a training went.</summary>
public sealed record TrainingSummary
{
    /// <value>Optimiser steps.</value>
    public required long Steps { get; init; }

    /// <value>Tokens read, every epoch counted.</value>
    public required long Tokens { get; init; }

    /// <value>Seconds of training, without start-up and evaluation.</value>
    public required double Seconds { get; init; }

    /// <value>The process's largest resident memory, in bytes; null where unknown.</value>
    public long? PeakMemoryBytes { get; init; }

    /// <value>One curve a quantity, already thinned by <see cref="Curve.Thin"/>.</value>
    public required IReadOnlyList<Curve> Curves { get; init; }

    /// <value>The same speed over the whole training.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public double TokensPerSecond => Seconds > 0 ? Tokens / Seconds : 0;
}

/// <summary>The quantities that a training logs and the report draws.</summary>
public enum CurveKind
{
    /// <summary>The weighted sum that is trained on.</summary>
    Loss,

    /// <summary>Cross-entropy, nats a token.</summary>
    CrossEntropy,

    /// <summary>KL(teacher ‖ student) at the step's temperature, nats a token.</summary>
    Kl,

    /// <summary>The distance of the hidden states.</summary>
    Alignment,

    /// <summary>α, the weight of KL.</summary>
    Alpha,

    /// <summary>T, the temperature of KL.</summary>
    Temperature,

    /// <summary>The learning rate.</summary>
    LearningRate,

    /// <summary>The gradient's norm before clipping.</summary>
    GradientNorm,
}
