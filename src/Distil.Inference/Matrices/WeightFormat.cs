namespace Distil.Inference.Matrices;

/// <summary>How the engine holds the large matrices in memory. Norms, convolutions, gates and recurrent matrices remain float32.</summary>
public enum WeightFormat
{
    /// <summary>As in the file, float32 or bfloat16, without a copy.</summary>
    AsStored,

    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, 2 bytes a weight.</summary>
    BFloat16,

    /// <summary>8-bit integers with a scale for 32 of them: 1.125 bytes a weight.</summary>
    Int8,

    /// <summary>4-bit integers with a scale for 32 of them: 0.625 bytes a weight.</summary>
    Int4,
}
