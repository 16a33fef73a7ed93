using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>Gradients of weights that fused blocks accumulate themselves.</summary>
internal static class WeightGradients
{
    /// <summary>Adds a gradient, of the weight's shape, to a weight's.</summary>
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

    /// <summary>Adds the gradients of all weights of a record.</summary>
    internal static void Add<T>(T weights, T gradients)
        where T : class
    {
        foreach (var (weight, gradient) in TensorRecord.Flatten(weights).Zip(TensorRecord.Flatten(gradients)))
        {
            Add(weight, gradient);
        }
    }

    /// <summary>Adds a gradient to a weight's if there are both and the weight is trained.</summary>
    internal static void AddTrained(Tensor? weight, Tensor? gradient)
    {
        if (weight is { requires_grad: true } && gradient is not null)
        {
            Add(weight, gradient);
        }
    }

    /// <summary>Adds the gradients of a record's weights that are there and trained.</summary>
    internal static void AddTrained<T>(T weights, T gradients)
        where T : class
    {
        foreach (var (weight, gradient) in TensorRecord.Flatten(weights).Zip(TensorRecord.Flatten(gradients)))
        {
            AddTrained(weight, gradient);
        }
    }

    /// <summary>The backward pass of a linear layer onto the stream: adds the gradient of its weight.</summary>
    /// <param name="weight">(D, in), float32.</param>
    /// <param name="used">The same in bfloat16, as the forward pass used it.</param>
    /// <param name="input">(B, S, in), bfloat16.</param>
    /// <param name="gradient">Gradient of the stream, float32 (B, S, D).</param>
    /// <returns>The gradient of the input, (B, S, in), bfloat16.</returns>
    internal static Tensor Linear(Tensor weight, Tensor used, Tensor input, Tensor gradient)
    {
        var rounded = gradient.to(ScalarType.BFloat16);
        Add(weight, rounded.flatten(0, 1).t().mm(input.flatten(0, 1)));
        return rounded.matmul(used);
    }
}
