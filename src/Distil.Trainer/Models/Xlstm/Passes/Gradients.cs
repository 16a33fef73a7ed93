using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>Gradients of weights that passes lay down themselves.</summary>
internal static class Gradients
{
    /// <summary>Adds one to a weight's, in the weight's type and shape.</summary>
    internal static void Add(Tensor weight, Tensor gradient)
    {
        var own = gradient.to(weight.dtype).reshape(weight.shape);
        if (weight.grad is { } earlier) { earlier.add_(own); }
        else { weight.grad = own; }
    }

    /// <summary>A linear layer's: adds its weight's, and gives that of its input.</summary>
    /// <param name="weight">(out, in), float32.</param>
    /// <param name="used">The same as it was used, bfloat16.</param>
    /// <param name="input">(N, in), bfloat16.</param>
    /// <param name="gradient">Of the output, (N, out), bfloat16.</param>
    /// <returns>(N, in).</returns>
    internal static Tensor Linear(Tensor weight, Tensor used, Tensor input, Tensor gradient)
    {
        Add(weight, gradient.t().matmul(input));
        return gradient.matmul(used);
    }
}
