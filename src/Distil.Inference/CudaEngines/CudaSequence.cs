using Distil.Inference.Engines;

namespace Distil.Inference.CudaEngines;

/// <summary>What an engine on a card remembers of one sequence.</summary>
/// <param name="engine">The engine.</param>
internal sealed class CudaSequence(CudaEngine engine) : ISequenceState
{
    /// <inheritdoc/>
    public long Position => Memory.Position;

    /// <value>The engine.</value>
    internal CudaEngine Engine => engine;

    /// <value>Its memory on the card.</value>
    internal SequenceMemory Memory { get; } = engine.NewMemory();

    /// <inheritdoc/>
    public ISequenceState Fork()
    {
        var copy = new CudaSequence(engine);
        try
        {
            copy.CopyFrom(this);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void CopyFrom(ISequenceState other)
    {
        if (!ReferenceEquals(other, this))
        {
            engine.Copy(engine.Own(other, nameof(other)).Memory, Memory);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
