namespace Distil.Trainer.Evaluation;

/// <summary>The progress of an evaluation.</summary>
/// <param name="Rows">Rows completed.</param>
/// <param name="Tokens">Tokens predicted.</param>
public sealed record EvaluationProgress(long Rows, long Tokens);
