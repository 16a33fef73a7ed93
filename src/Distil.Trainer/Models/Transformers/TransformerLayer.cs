using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>One layer: x += f · attention(x); x += f · feed-forward(x), with a norm before each, behind each, or both.</summary>
/// <param name="Norms">The norms.</param>
/// <param name="Attention">The attention.</param>
/// <param name="FeedForward">The feed-forward network.</param>
/// <param name="Factor">f.</param>
internal sealed record TransformerLayer(LayerNorms Norms, Attention Attention, FeedForward FeedForward, double Factor = 1)
{
    /// <value>The norm before the attention of a layer that has one.</value>
    internal RmsNorm InputNorm => Norms.Input!;

    /// <value>The norm before the feed-forward network of a layer that has one.</value>
    internal RmsNorm FeedForwardNorm => Norms.FeedForward!;

    /// <value>The feed-forward network of a layer without experts.</value>
    internal DenseFeedForward Dense => (DenseFeedForward)FeedForward;

    /// <param name="x">(B, S, D).</param>
    /// <param name="positions">As in <see cref="Attention.Apply"/>.</param>
    /// <param name="cache">As in <see cref="Attention.Apply"/>.</param>
    /// <param name="layer">As in <see cref="Attention.Apply"/>.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, Positions positions, KeyValueCache? cache, int layer) =>
        Apply(x, normed => Attention.Apply(normed, positions, cache, layer));

    /// <summary>The layer with anything in the place of attention.</summary>
    /// <param name="x">(B, S, D).</param>
    /// <param name="attention">From the normed input to what is added to <paramref name="x"/>, (B, S, D) each.</param>
    /// <param name="type">Element type of the matrix products; null for that of <paramref name="x"/>, which the stream keeps.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, Func<Tensor, Tensor> attention, ScalarType? type = null)
    {
        using var scope = NewDisposeScope();
        x = x + Added(Norms.AttentionOutput, attention(Normed(Norms.Input, x).to(type ?? x.dtype)));
        return (x + Added(Norms.FeedForwardOutput, FeedForward.Apply(Normed(Norms.FeedForward, x).to(type ?? x.dtype)))).MoveToOuterDisposeScope();
    }

    private Tensor Added(RmsNorm? norm, Tensor output) => Factor == 1 ? Normed(norm, output) : Normed(norm, output) * Factor;

    private static Tensor Normed(RmsNorm? norm, Tensor x) => norm?.Apply(x) ?? x;
}

/// <summary>A layer's norms; null where it has none.</summary>
/// <param name="Input">Before the attention.</param>
/// <param name="AttentionOutput">Of the attention's output.</param>
/// <param name="FeedForward">Before the feed-forward network.</param>
/// <param name="FeedForwardOutput">Of the feed-forward network's output.</param>
internal sealed record LayerNorms(RmsNorm? Input, RmsNorm? AttentionOutput, RmsNorm? FeedForward, RmsNorm? FeedForwardOutput);
