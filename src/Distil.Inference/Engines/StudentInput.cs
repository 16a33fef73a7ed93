using Distil.Inference.Generation;
using Distil.Inference.Sampling;

namespace Distil.Inference.Engines;

/// <summary>A token of a pass.</summary>
/// <param name="State">The state of its sequence, which is advanced.</param>
/// <param name="Token">Its id.</param>
/// <param name="WantsLogits">Whether the logits after it are computed.</param>
/// <param name="Sampler">Chooses the next token, if logits are wanted; null for the most likely one.</param>
public readonly record struct StudentInput(ISequenceState State, int Token, bool WantsLogits, Sampler? Sampler = null)
{
    /// <summary>Refuses inputs that a model cannot read.</summary>
    internal static void Check(ReadOnlySpan<StudentInput> inputs, int vocabularySize, int? maxPositions)
    {
        var (last, position) = ((ISequenceState?)null, 0L);
        foreach (var (state, token, _, _) in inputs)
        {
            PromptCheck.Require(token, vocabularySize);
            position = ReferenceEquals(state, last) ? position + 1 : state.Position;
            last = state;
            PromptCheck.RequireRoom(position + 1, maxPositions);
        }
    }
}
