using Distil.Onnx.Writing;

namespace Distil.Onnx.Graphs;

/// <summary>A tensor in a graph that is being built, with the operations that add to it.</summary>
/// <param name="Builder">The graph to which operations on it are added.</param>
/// <param name="Name">Its name there; empty for an input that is left out.</param>
internal readonly record struct Value(GraphBuilder Builder, string Name)
{
    public static Value operator +(Value a, Value b) => a.Builder.Add("Add", [a, b]);

    public static Value operator +(Value a, float b) => a + a.Builder.Number(b);

    public static Value operator -(Value a, Value b) => a.Builder.Add("Sub", [a, b]);

    public static Value operator -(float a, Value b) => b.Builder.Number(a) - b;

    public static Value operator -(Value a) => a.Builder.Add("Neg", [a]);

    public static Value operator *(Value a, Value b) => a.Builder.Add("Mul", [a, b]);

    public static Value operator *(Value a, float b) => a * a.Builder.Number(b);

    public static Value operator /(Value a, Value b) => a.Builder.Add("Div", [a, b]);

    internal Value Abs() => Builder.Add("Abs", [this]);

    internal Value Cast(ElementType type) => Builder.Add("Cast", [this], ("to", (long)type));

    internal Value Cos() => Builder.Add("Cos", [this]);

    internal Value Exp() => Builder.Add("Exp", [this]);

    internal Value Gelu() => Builder.Add("Gelu", [this]);

    internal Value Relu() => Builder.Add("Relu", [this]);

    internal Value Selu() => Builder.Add("Selu", [this]);

    internal Value Sigmoid() => Builder.Add("Sigmoid", [this]);

    internal Value Silu() => this * Sigmoid();

    internal Value Sin() => Builder.Add("Sin", [this]);

    internal Value Sqrt() => Builder.Add("Sqrt", [this]);

    internal Value Tanh() => Builder.Add("Tanh", [this]);

    /// <summary>log σ(x) = −log(1 + e^−x).</summary>
    internal Value LogSigmoid() => -Builder.Add("Softplus", [-this]);

    internal Value Softmax() => Builder.Add("Softmax", [this], ("axis", -1L));

    internal Value Max(Value other) => Builder.Add("Max", [this, other]);

    internal Value Equal(Value other) => Builder.Add("Equal", [this, other]);

    internal Value AtLeast(Value other) => Builder.Add("GreaterOrEqual", [this, other]);

    internal Value And(Value other) => Builder.Add("And", [this, other]);

    /// <summary>One value where this is true, another where it is false.</summary>
    internal Value Choose(Value then, Value otherwise) => Builder.Add("Where", [this, then, otherwise]);

    internal Value MatMul(Value other) => Builder.Add("MatMul", [this, other]);

    /// <summary>Sums from the first element to each along an axis.</summary>
    internal Value CumulativeSum(long axis) => Builder.Add("CumSum", [this, Builder.Scalar(axis)]);

    /// <summary>The sum along an axis, which remains with size 1.</summary>
    internal Value Sum(long axis) => Builder.Add("ReduceSum", [this, Builder.Numbers(axis)], ("keepdims", 1L));

    /// <summary>The mean along the last axis, which remains with size 1.</summary>
    internal Value Mean() => Builder.Add("ReduceMean", [this, Builder.Numbers(-1)], ("keepdims", 1L));

    /// <summary>The maximum along an axis, which remains with size 1.</summary>
    internal Value Maximum(long axis) => Builder.Add("ReduceMax", [this, Builder.Numbers(axis)], ("keepdims", 1L));

    /// <summary>Norm of the last axis with mean 0 and variance 1, times a weight.</summary>
    internal Value LayerNorm(Value weight, float epsilon) =>
        Builder.Add("LayerNormalization", [this, weight], ("axis", -1L), ("epsilon", epsilon));

    /// <summary>A new shape; 0 keeps the size of this place, −1 follows from the others.</summary>
    internal Value Reshape(params long[] shape) => Reshape(Builder.Numbers(shape));

    internal Value Reshape(Value shape) => Builder.Add("Reshape", [this, shape]);

    internal Value Transpose(params long[] order) => Builder.Add("Transpose", [this], ("perm", order));

    internal Value Unsqueeze(params long[] axes) => Builder.Add("Unsqueeze", [this, Builder.Numbers(axes)]);

    internal Value Squeeze(params long[] axes) => Builder.Add("Squeeze", [this, Builder.Numbers(axes)]);

    internal Value Shape() => Builder.Add("Shape", [this]);

    /// <summary>The elements from one index to before another along an axis; negative indices count from the end.</summary>
    internal Value Slice(long axis, long from, long to = long.MaxValue) => Slice(axis, Builder.Numbers(from), Builder.Numbers(to));

    internal Value Slice(long axis, Value from, Value to) => Builder.Add("Slice", [this, from, to, Builder.Numbers(axis)]);

    internal Value Gather(Value indices, long axis) => Builder.Add("Gather", [this, indices], ("axis", axis));

    /// <summary>Parts of equal size along an axis.</summary>
    internal Value[] Split(long axis, int parts) => Builder.Add("Split", [this], parts, "", ("axis", axis), ("num_outputs", (long)parts));

    /// <summary>Tensors one after the other along an axis.</summary>
    internal static Value Concat(long axis, params Value[] parts) => parts[0].Builder.Add("Concat", parts, ("axis", axis));
}
