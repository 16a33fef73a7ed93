using Distil.Core.Specification;

namespace Distil.Trainer.Pretraining;

/// <summary>A small qwen2 Transformer to train from scratch, with its training settings.</summary>
public sealed record PretrainSettings
{
    /// <value>A Hugging Face <c>tokenizer.json</c> or its folder.</value>
    public required string Tokenizer { get; init; }

    /// <value>UTF-8 text to train on, one document per line.</value>
    public required string Train { get; init; }

    /// <value>Held-out text, one document per line.</value>
    public required string Eval { get; init; }

    /// <value>The model folder to write; it must be empty or not exist.</value>
    public required string Output { get; init; }

    /// <value>D. Default 160.</value>
    public int Hidden { get; init; } = 160;

    /// <value>Layers. Default 6.</value>
    public int Layers { get; init; } = 6;

    /// <value>Query heads; divides <see cref="Hidden"/>. Default 4.</value>
    public int Heads { get; init; } = 4;

    /// <value>Key and value heads; divides <see cref="Heads"/>. Default 2.</value>
    public int KeyValueHeads { get; init; } = 2;

    /// <value>Width of the feed-forward network. Default 448.</value>
    public int Intermediate { get; init; } = 448;

    /// <value>Tokens in a row, ≥ 8, and the longest context that the model's config names. Default 512.</value>
    public int Context { get; init; } = 512;

    /// <value>Rows in a step, ≥ 1. Default 32.</value>
    public int Batch { get; init; } = 32;

    /// <value>Optimiser steps, ≥ 1.</value>
    public required long Steps { get; init; }

    /// <value>AdamW's peak learning rate, &gt; 0. Default 3e-3.</value>
    public double LearningRate { get; init; } = 3e-3;

    /// <value>AdamW's decoupled weight decay, ≥ 0. Default 0.1.</value>
    public double WeightDecay { get; init; } = 0.1;

    /// <value>Steps of linear warm-up, ≥ 0. Default 200.</value>
    public long Warmup { get; init; } = 200;

    /// <value>Seed of weights and row order. Default 1.</value>
    public int Seed { get; init; } = 1;

    /// <value>auto (CUDA if available), cpu or cuda. Default auto.</value>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;

    /// <value>Matrix products on a GPU. Default tf32.</value>
    public MatrixPrecision Precision { get; init; } = MatrixPrecision.Tf32;

    /// <value>Element type of the written weights. Default bf16.</value>
    public Precision SaveDtype { get; init; } = Distil.Core.Specification.Precision.Bf16;
}

/// <summary>Precision with which a GPU multiplies float32 matrices.</summary>
public enum MatrixPrecision
{
    /// <summary>TensorFloat-32: a mantissa of ten bits, float32 sums. No effect on a CPU.</summary>
    Tf32,

    /// <summary>Full float32.</summary>
    Fp32,
}
