using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>Gradients of weights that passes lay down themselves.</summary>
internal static class WeightGradients
{
    /// <summary>Adds one, of the weight's shape, to a weight's.</summary>
    internal static void Add(Tensor weight, Tensor gradient)
    {
        var own = gradient.to(weight.dtype).contiguous();
        if (weight.grad is { } earlier)
        {
            earlier.add_(own);
        }
        else
        {
            weight.grad = own;
        }
    }

    /// <summary>A linear layer's onto the stream: adds its weight's, and gives that of its input.</summary>
    /// <param name="weight">(D, in), float32.</param>
    /// <param name="used">The same as it was used, bfloat16.</param>
    /// <param name="input">(B, S, in), bfloat16.</param>
    /// <param name="gradient">Of the stream, float32 (B, S, D).</param>
    /// <returns>(B, S, in), bfloat16.</returns>
    internal static Tensor Linear(Tensor weight, Tensor used, Tensor input, Tensor gradient)
    {
        var rounded = gradient.to(ScalarType.BFloat16);
        Add(weight, rounded.flatten(0, 1).t().mm(input.flatten(0, 1)));
        return rounded.matmul(used);
    }
}
