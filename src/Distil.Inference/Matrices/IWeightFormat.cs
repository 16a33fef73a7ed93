using System.Runtime.Intrinsics;

namespace Distil.Inference.Matrices;

/// <summary>How weights are stored: reads a block of 32 weights as floats, and writes it.</summary>
internal unsafe interface IWeightFormat
{
    /// <value>Bytes of a block, without its scale.</value>
    static abstract int BlockBytes { get; }

    /// <value>Whether a block has a scale.</value>
    static abstract bool IsScaled { get; }

    /// <summary>The first sixteen weights of a block.</summary>
    static abstract Vector512<float> Low(byte* block, float* scale);

    /// <summary>The last sixteen weights of a block.</summary>
    static abstract Vector512<float> High(byte* block, float* scale);

    /// <summary>Stores 32 weights.</summary>
    static abstract void Write(ReadOnlySpan<float> weights, byte* block, float* scale);
}
