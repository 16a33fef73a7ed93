using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>A norm with its weight.</summary>
/// <param name="scale">Factors of the normalised values, (width).</param>
internal abstract unsafe class Norm(FloatBuffer scale) : IDisposable
{
    /// <value>Factors of the normalised values.</value>
    internal FloatBuffer Scale => scale;

    /// <summary>y = norm(x).</summary>
    /// <param name="x">(width).</param>
    /// <param name="y">(width); may be x.</param>
    internal abstract void Apply(float* x, float* y);

    /// <inheritdoc/>
    public void Dispose() => scale.Dispose();
}

/// <summary>The norm of an xLSTM: <see cref="Norms.Layer"/>.</summary>
/// <param name="scale">1 + w, (width).</param>
internal sealed unsafe class LayerNorm(FloatBuffer scale) : Norm(scale)
{
    /// <inheritdoc/>
    internal override void Apply(float* x, float* y) => Norms.Layer(x, Scale.Start, y, (int)Scale.Length);
}

/// <summary>The norm of a Transformer: <see cref="Norms.Root"/>.</summary>
/// <param name="scale">w, (width).</param>
/// <param name="epsilon">Added to the mean square.</param>
internal sealed unsafe class RootNorm(FloatBuffer scale, double epsilon) : Norm(scale)
{
    /// <value>What is added to the mean square.</value>
    internal float Epsilon => (float)epsilon;

    /// <inheritdoc/>
    internal override void Apply(float* x, float* y) => Norms.Root(x, Scale.Start, Epsilon, y, (int)Scale.Length);
}
