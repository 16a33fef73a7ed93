using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Distil.Core.Specification;

/// <summary>Optimiser and loop.</summary>
public sealed record TrainingSpec : IPartlyWritten
{
    /// <value>Number of passes over the rows, ≥ 1. Default 10, the paper's.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int Epochs { get; init; } = 10;

    /// <value>Number of rows in a micro-batch, ≥ 1. Default 8.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int BatchSize { get; init; } = 8;

    /// <value>Number of micro-batches in an optimiser step, ≥ 1. Default 1.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int GradientAccumulation { get; init; } = 1;

    /// <value>AdamW's peak learning rate, &gt; 0. Default 2e-4, the paper's. For a student of kind xlstm.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true), ForKind(StudentKind.Xlstm)]
    public double LearningRate { get; init; } = 2e-4;

    /// <value>Share of all steps in which the learning rate rises linearly, before the cosine. 0–1, default 0.1, the paper's.</value>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; } = 0.1;

    /// <value>AdamW's decoupled weight decay, ≥ 0. Default 0.01, PyTorch's (the paper gives none).</value>
    [Range(0.0, double.PositiveInfinity)]
    public double WeightDecay { get; init; } = 0.01;

    /// <value>Largest global gradient norm, &gt; 0. Default 1, the paper's.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double GradientClip { get; init; } = 1.0;

    /// <value>Floating-point type of the model's arithmetic. Default fp32.</value>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <value>Form of the exported weights for which the last epoch trains: its passes compute with the weights as that form rounds them, and the gradients
    /// change the exact ones; the finished student has the rounded weights. Default: none.</value>
    public QuantizedForm? Quantize { get; init; }

    /// <value>Optimiser steps between checkpoints inside an epoch, ≥ 1; the end of an epoch always writes one. Default 500.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int CheckpointEverySteps { get; init; } = 500;

    /// <value>The stages of the training and their learning rates. For a student of kind linearised. Default: every field's own.</value>
    [ForKind(StudentKind.Linearised)]
    public StagesSpec? Stages { get; init; }

    /// <inheritdoc/>
    public bool Writes(MemberInfo field) =>
        field.GetCustomAttribute<ForKindAttribute>() is not { } only || only.Kind == StudentKind.Linearised == (Stages is not null);
}

/// <summary>Floating-point type of the model's forward and backward passes; weights and optimiser state remain fp32.</summary>
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Fp32,

    /// <summary>bfloat16 on a GPU that supports it.</summary>
    Bf16,
}
