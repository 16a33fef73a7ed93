using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>One layer: x += attention(norm(x)); x += feed-forward(norm(x)).</summary>
internal sealed record TransformerLayer(RmsNorm InputNorm, Attention Attention, RmsNorm FeedForwardNorm, Linear Gate, Linear Up, Linear Down)
{
    /// <param name="x">(B, S, D).</param>
    /// <param name="angles">Rotary angles of the S positions.</param>
    /// <param name="cache">As in <see cref="Attention.Apply"/>.</param>
    /// <param name="layer">As in <see cref="Attention.Apply"/>.</param>
    /// <param name="mask">As in <see cref="Attention.Apply"/>.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, (Tensor Cos, Tensor Sin) angles, KeyValueCache? cache, int layer, Tensor? mask) =>
        Apply(x, normed => Attention.Apply(normed, angles, cache, layer, mask));

    /// <summary>The layer with anything in the place of attention.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="attention">From the normed input to what is added to <paramref name="x"/>, (B, S, D) each.</param>
    /// <param name="type">Element type of the matrix products; null for that of <paramref name="x"/>, which the stream keeps.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, Func<Tensor, Tensor> attention, ScalarType? type = null)
    {
        using var scope = NewDisposeScope();
        x = x + attention(InputNorm.Apply(x).to(type ?? x.dtype));
        return (x + FeedForward(FeedForwardNorm.Apply(x).to(type ?? x.dtype))).MoveToOuterDisposeScope();
    }

    /// <summary>SwiGLU (arXiv 2002.05202).</summary>
    private Tensor FeedForward(Tensor x) => Down.Apply(functional.silu(Gate.Apply(x)) * Up.Apply(x));
}
