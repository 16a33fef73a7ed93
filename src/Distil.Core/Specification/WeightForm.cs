namespace Distil.Core.Specification;

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

/// <summary>The forms in which weights are integers.</summary>
public enum QuantizedForm
{
    /// <summary>8-bit integers with a float32 scale for 32 of them.</summary>
    Int8,

    /// <summary>4-bit integers with a float32 scale for 32 of them.</summary>
    Int4,
}

/// <summary>What follows from a form.</summary>
public static class WeightForms
{
    extension(WeightForm form)
    {
        /// <value>The name that specifications, commands and files use.</value>
        public string Word => form.ToString().ToLowerInvariant();

        /// <value>Bits of a weight of a large matrix, without its part of a scale.</value>
        public int Bits => form switch { WeightForm.Int4 => 4, WeightForm.Int8 => 8, WeightForm.Bf16 => 16, _ => 32 };

        /// <value>Bytes of a weight of a large matrix, with its part of the scale: a float32 for 32 integers.</value>
        public double BytesPerWeight => (form.Bits / 8.0) + (form is WeightForm.Int8 or WeightForm.Int4 ? sizeof(float) / 32.0 : 0);
    }

    extension(QuantizedForm form)
    {
        /// <value>The same form among all.</value>
        public WeightForm Form => form == QuantizedForm.Int4 ? WeightForm.Int4 : WeightForm.Int8;
    }
}
