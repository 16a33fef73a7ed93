namespace Distil.Trainer.Datasets;

/// <summary>The tokens of a document or row.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="Counts">Which of them count in the losses; the first never does. Null if all do that are predicted.</param>
internal readonly record struct LabelledTokens(int[] Ids, bool[]? Counts = null);
