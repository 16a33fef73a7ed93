namespace Distil.Trainer.Pretraining;

/// <summary>How a model was trained and how good it is: <c>training.json</c> in its folder.</summary>
public sealed record PretrainResult
{
    /// <value>The command that created it.</value>
    public required string Command { get; init; }

    /// <value>Number of trained weights, with a tied head counted once.</value>
    public required long Parameters { get; init; }

    /// <value>Tokens in the training text.</value>
    public required long TrainTokens { get; init; }

    /// <value>Tokens in the held-out text's full rows.</value>
    public required long EvalTokens { get; init; }

    /// <value>Optimiser steps.</value>
    public required long Steps { get; init; }

    /// <value>Passes over the training text.</value>
    public required double Epochs { get; init; }

    /// <value>Training cross-entropy over the last hundred steps, nats a token.</value>
    public required double TrainCrossEntropy { get; init; }

    /// <value>Held-out cross-entropy of the written weights, nats a token.</value>
    public required double EvalCrossEntropy { get; init; }

    /// <value>Held-out perplexity of the written weights.</value>
    public required double EvalPerplexity { get; init; }

    /// <value>Wall-clock time of the training steps.</value>
    public required double Seconds { get; init; }

    /// <value>cpu or cuda.</value>
    public required string Device { get; init; }
}
