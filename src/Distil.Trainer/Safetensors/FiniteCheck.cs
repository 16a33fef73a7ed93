using Distil.Core.Errors;
using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Finds weights that are infinite or not a number when they are loaded: every result of the model would be too.</summary>
internal static class FiniteCheck
{
    /// <exception cref="InvalidInputException">A value is not finite.</exception>
    internal static void Require(Tensor values, StoredTensor stored)
    {
        using var scope = NewDisposeScope();
        if (!values.is_floating_point() || values.numel() == 0)
        {
            return;
        }

        // Both are NaN if a value is NaN: one pass, without a copy of the tensor.
        var (min, max) = (values.min().to(ScalarType.Float64).item<double>(), values.max().to(ScalarType.Float64).item<double>());
        if (double.IsFinite(min) && double.IsFinite(max))
        {
            return;
        }

        var at = values.isfinite().logical_not().flatten().nonzero()[0].item<long>();
        throw stored.NotFinite(at, values.flatten()[at].to(ScalarType.Float64).item<double>());
    }
}
