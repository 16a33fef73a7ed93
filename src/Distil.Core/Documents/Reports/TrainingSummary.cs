using Distil.Core.Documents.Evaluations;

namespace Distil.Core.Documents.Reports;

/// <summary>The evaluations after an epoch.</summary>
public sealed record EpochSummary
{
    /// <value>Epoch, from 1, as people count.</value>
    public required int Epoch { get; init; }

    /// <value>Evaluation of the student trained with the teacher.</value>
    public required EvaluationResult Distilled { get; init; }

    /// <value>Evaluation of the same student trained for the same steps on the text alone; null if the run had none.</value>
    public EvaluationResult? WithoutTeacher { get; init; }

    /// <value>Evaluation of the teacher trained for the same steps on the text alone; null if the run had no controls.</value>
    public EvaluationResult? TeacherOnText { get; init; }

    /// <value>Evaluation of the teacher trained for the same steps by the student's loss on its own outputs; null if the run had no controls.</value>
    public EvaluationResult? TeacherOnLoss { get; init; }
}

/// <summary>A training from its first step to its last.</summary>
public sealed record TrainingSummary
{
    /// <value>Optimiser steps.</value>
    public required long Steps { get; init; }

    /// <value>Tokens trained on, over all epochs.</value>
    public required long Tokens { get; init; }

    /// <value>Time of training without start-up and evaluation, in seconds.</value>
    public required double Seconds { get; init; }

    /// <value>The process's largest resident memory, in bytes; null if unknown.</value>
    public long? PeakMemoryBytes { get; init; }

    /// <value>The largest memory in use of the GPU, by all processes on it, in bytes; null on the CPU or if unknown.</value>
    public long? PeakDeviceMemoryBytes { get; init; }

    /// <value>One curve per quantity, thinned by <see cref="Curve.Thin"/>.</value>
    public required IReadOnlyList<Curve> Curves { get; init; }

    /// <value>A linearised student's error of each replaced layer in the stage of alignment; null without such a stage.</value>
    public IReadOnlyList<LayerAlignment>? AlignmentLosses { get; init; }

    /// <value>How the student's operations were computed; null if the train jobs did not say.</value>
    public IReadOnlyList<OperationForm>? Operations { get; init; }

    /// <value>Mean speed of the training, in tokens per second.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public double TokensPerSecond => Seconds > 0 ? Tokens / Seconds : 0;
}

/// <summary>A replaced layer's error against the teacher's attention.</summary>
/// <param name="First">At the first step.</param>
/// <param name="Last">At the stage's last step.</param>
public sealed record LayerAlignment(double First, double Last);

/// <summary>The quantities of a training that the report draws.</summary>
public enum CurveKind
{
    /// <summary>The weighted sum of losses that is minimised.</summary>
    Loss,

    /// <summary>Cross-entropy, in nats per token.</summary>
    CrossEntropy,

    /// <summary>The divergence that is trained, by default KL(teacher ‖ student), at the step's temperature, in nats per token.</summary>
    Kl,

    /// <summary>The distance of the hidden states.</summary>
    Alignment,

    /// <summary>α, the weight of the divergence.</summary>
    Alpha,

    /// <summary>T, the temperature of the divergence.</summary>
    Temperature,

    /// <summary>The learning rate.</summary>
    LearningRate,

    /// <summary>Global norm of the gradient before clipping.</summary>
    GradientNorm,
}
