namespace Distil.Inference.Engines;

/// <summary>A token of a pass.</summary>
/// <param name="State">The state of its sequence, which is advanced.</param>
/// <param name="Token">Its id.</param>
/// <param name="WantsLogits">Whether the logits after it are computed.</param>
public readonly record struct StudentInput(StudentState State, int Token, bool WantsLogits);
