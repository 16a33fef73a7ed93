namespace Distil.Trainer.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Rows">Rows done.</param>
/// <param name="Tokens">Tokens predicted.</param>
public sealed record EvaluationProgress(long Rows, long Tokens);
