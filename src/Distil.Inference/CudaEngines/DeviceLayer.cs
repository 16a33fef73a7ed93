namespace Distil.Inference.CudaEngines;

/// <summary>A block of the stack on a card: adds to the residual stream of every row, and advances the rows' states.</summary>
internal abstract class DeviceLayer
{
    /// <summary>Sections of a state begin at multiples of so many floats.</summary>
    private const int Section = 64;

    /// <value>Floats of a sequence's state, a multiple of 64.</value>
    internal abstract int StateLength { get; }

    /// <value>Bytes of the large matrices that a step reads.</value>
    internal abstract long WeightBytes { get; }

    /// <summary>Sets a state, which is all 0, to that before the first token.</summary>
    internal virtual void Start(Span<float> state)
    {
    }

    /// <summary>Queues a step.</summary>
    /// <param name="queue">The rows.</param>
    /// <param name="offset">Where this layer's state begins in a sequence's, in floats.</param>
    internal abstract void Enqueue(StepQueue queue, long offset);

    /// <summary>A length rounded up to a multiple, by default of a section.</summary>
    protected static int Padded(int length, int multiple = Section) => (length + multiple - 1) / multiple * multiple;
}
