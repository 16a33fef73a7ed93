using Distil.Inference.Generation;

namespace Distil.Inference.CudaEngines;

/// <summary>A text that a student on a card reads by itself.</summary>
internal sealed class CudaText(CudaBatch batch) : IGreedyTextReader
{
    /// <inheritdoc/>
    public int MaxCount => Workspace.MaxSteps;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Read(ReadOnlySpan<int> tokens, CancellationToken cancel)
    {
        Continue(tokens, 1, cancel);
        return batch.Logits(0);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Continue(ReadOnlySpan<int> tokens, int count, CancellationToken cancel)
    {
        for (; tokens.Length > 1; tokens = tokens[Math.Min(Workspace.MaxSteps, tokens.Length - 1)..])
        {
            cancel.ThrowIfCancellationRequested();
            batch.Read(tokens[..Math.Min(Workspace.MaxSteps, tokens.Length - 1)]);
        }

        return batch.Choose(tokens, count);
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();
}
