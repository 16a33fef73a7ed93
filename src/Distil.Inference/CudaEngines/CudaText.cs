using Distil.Inference.Generation;
using Distil.Inference.Sampling;

namespace Distil.Inference.CudaEngines;

/// <summary>A text that a student on a card reads by itself.</summary>
internal sealed class CudaText(CudaBatch batch) : IChoosingTextReader
{
    /// <inheritdoc/>
    public int MaxCount => Workspace.MaxSteps;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Read(ReadOnlySpan<int> tokens, CancellationToken cancel)
    {
        ReadAllButLast(ref tokens, cancel);
        batch.Choose(tokens, 1);
        return batch.Logits(0);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Continue(ReadOnlySpan<int> tokens, Sampler sampler, int count, CancellationToken cancel)
    {
        ReadAllButLast(ref tokens, cancel);
        return batch.Choose(tokens, sampler.Options.Penalizes ? 1 : count, sampler); // penalties depend on the token before
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();

    private void ReadAllButLast(ref ReadOnlySpan<int> tokens, CancellationToken cancel)
    {
        for (; tokens.Length > 1; tokens = tokens[Math.Min(Workspace.MaxSteps, tokens.Length - 1)..])
        {
            cancel.ThrowIfCancellationRequested();
            batch.Read(tokens[..Math.Min(Workspace.MaxSteps, tokens.Length - 1)]);
        }
    }
}
