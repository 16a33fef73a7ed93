namespace Distil.Onnx.Weights;

/// <summary>How the large matrices of an exported student are stored: projections, embedding and head. In all forms but the first, recurrent and block-diagonal
/// matrices, and matrices whose rows are no whole blocks of 32, are bfloat16; norms, convolutions, biases and the others are float32.</summary>
public enum WeightForm
{
    /// <summary>float32.</summary>
    Fp32,

    /// <summary>bfloat16: half the bytes on disk; the runtime computes in float32.</summary>
    Bf16,

    /// <summary>8-bit integers with a float32 scale for 32 of them: 1.125 bytes a weight.</summary>
    Int8,

    /// <summary>4-bit integers with a float32 scale for 32 of them: 0.625 bytes a weight.</summary>
    Int4,
}

/// <summary>What follows from a form.</summary>
internal static class WeightForms
{
    extension(WeightForm form)
    {
        /// <value>Bits of a weight, without scales.</value>
        internal int Bits => form switch { WeightForm.Int4 => 4, WeightForm.Int8 => 8, WeightForm.Bf16 => 16, _ => 32 };

        /// <value>The name that commands and files use.</value>
        internal string Word => form.ToString().ToLowerInvariant();
    }
}
