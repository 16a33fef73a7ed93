using System.Runtime.Intrinsics;

namespace Distil.Inference.Matrices;

/// <summary>How weights are stored as floating-point numbers: reads a block of 32 weights as floats, and writes it.</summary>
internal unsafe interface IWeightFormat
{
    /// <value>Bytes of a block.</value>
    static abstract int BlockBytes { get; }

    /// <summary>The first sixteen weights of a block.</summary>
    static abstract Vector512<float> Low(byte* block);

    /// <summary>The last sixteen weights of a block.</summary>
    static abstract Vector512<float> High(byte* block);

    /// <summary>Stores 32 weights.</summary>
    static abstract void Write(ReadOnlySpan<float> weights, byte* block);
}
