namespace Distil.Inference.Layers;

/// <summary>A block of the stack: adds to the residual stream of every row of a pass, and advances the rows' states.</summary>
internal abstract unsafe class Layer : IDisposable
{
    /// <value>Floats of a sequence's state, a multiple of 16.</value>
    internal abstract int StateLength { get; }

    /// <value>Bytes of weights that a pass reads.</value>
    internal abstract long WeightBytes { get; }

    /// <summary>Sets a state, which is all 0, to that before the first token.</summary>
    internal virtual void Start(float* state)
    {
    }

    /// <summary>Processes the rows of a pass, in their order.</summary>
    /// <param name="pass">The rows; its stream is the input and the output.</param>
    /// <param name="offset">Where this layer's state begins in a sequence's.</param>
    internal abstract void Forward(Pass pass, int offset);

    /// <inheritdoc/>
    public abstract void Dispose();
}
