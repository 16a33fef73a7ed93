using Distil.Core.Specification;

namespace Distil.Onnx.Weights;

/// <summary>The bits of forms.</summary>
internal static class WeightBits
{
    extension(WeightForm form)
    {
        /// <value>Bits of a weight, without scales.</value>
        internal int Bits => form switch { WeightForm.Int4 => 4, WeightForm.Int8 => 8, WeightForm.Bf16 => 16, _ => 32 };
    }
}
