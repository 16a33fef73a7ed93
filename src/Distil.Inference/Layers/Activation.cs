using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>An activation of the feed-forward network.</summary>
internal abstract unsafe class Activation
{
    /// <summary>The activation of a name in config.json.</summary>
    internal static Activation Of(string name) => name switch
    {
        "gelu" => new Form<Gelu>(),
        "relu" => new Form<Relu>(),
        "relu^2" => new Form<SquaredRelu>(),
        "sigmoid" => new Form<Sigmoid>(),
        "swish" => new Form<Swish>(),
        "selu" => new Form<Selu>(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "the configuration was checked to name one of these"),
    };

    /// <summary>y = act(gate) · up.</summary>
    internal abstract void Gate(float* gate, float* up, float* y, int width);

    private interface IFunction
    {
        static abstract Vector512<float> Of(Vector512<float> x);
    }

    private sealed class Form<TFunction> : Activation
        where TFunction : struct, IFunction
    {
        internal override void Gate(float* gate, float* up, float* y, int width)
        {
            for (var i = 0; i < width; i += VectorMath.Width)
            {
                var left = width - i;
                Lanes.Store(TFunction.Of(Lanes.Load(gate + i, left)) * Lanes.Load(up + i, left), y + i, left);
            }
        }
    }

    private readonly struct Gelu : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => VectorMath.Gelu(x);
    }

    private readonly struct Relu : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Vector512.Max(x, Vector512<float>.Zero);
    }

    private readonly struct SquaredRelu : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Relu.Of(x) * Relu.Of(x);
    }

    private readonly struct Sigmoid : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => VectorMath.Sigmoid(x);
    }

    private readonly struct Swish : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => x * VectorMath.Sigmoid(x);
    }

    private readonly struct Selu : IFunction
    {
        private const float Scale = 1.0507009873554805f;
        private const float Alpha = 1.6732632423543772f;

        public static Vector512<float> Of(Vector512<float> x)
        {
            var below = (VectorMath.Exp(Vector512.Min(x, Vector512<float>.Zero)) - Vector512<float>.One) * Vector512.Create(Alpha);
            return Vector512.Create(Scale) * Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), below, x);
        }
    }
}
