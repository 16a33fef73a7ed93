using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A layer's feed-forward network.</summary>
internal abstract record FeedForward
{
    /// <param name="x">(B, S, D).</param>
    /// <returns>(B, S, D).</returns>
    internal abstract Tensor Apply(Tensor x);
}

/// <summary>W_down (a(W_gate x) · W_up x), with SiLU (SwiGLU) or GELU (GeGLU) as a (arXiv 2002.05202).</summary>
internal sealed record DenseFeedForward(Linear Gate, Linear Up, Linear Down, bool Gelu = false) : FeedForward
{
    /// <inheritdoc />
    internal override Tensor Apply(Tensor x) => Down.Apply((Gelu ? TanhGelu(Gate.Apply(x)) : functional.silu(Gate.Apply(x))) * Up.Apply(x));

    /// <summary>GELU by its tanh approximation (arXiv 1606.08415), in float32 for any type.</summary>
    private static Tensor TanhGelu(Tensor x)
    {
        var wide = x.to(ScalarType.Float32);
        return (0.5 * wide * (1 + (Math.Sqrt(2 / Math.PI) * (wide + (0.044715 * wide.pow(3)))).tanh())).to(x.dtype);
    }
}

/// <summary>A mixture of experts: each token goes to those of highest probability, and their outputs are added by it.</summary>
/// <param name="Router">From (N, D) to the logits of the experts, (N, E).</param>
/// <param name="Experts">The E experts.</param>
/// <param name="PerToken">Experts of a token.</param>
/// <param name="Normalised">Whether the probabilities of a token's experts are divided by their sum.</param>
internal sealed record ExpertFeedForward(Linear Router, IReadOnlyList<DenseFeedForward> Experts, int PerToken, bool Normalised) : FeedForward
{
    /// <inheritdoc />
    internal override Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var flat = x.reshape(-1, x.shape[^1]);                                                      // (N, D)
        var (weights, chosen) = Router.Apply(flat).to(ScalarType.Float32).softmax(-1).topk(PerToken, -1); // (N, K)
        weights = (Normalised ? weights / weights.sum(-1, keepdim: true) : weights).to(x.dtype);
        var sum = zeros_like(flat);
        foreach (var (e, expert) in Experts.Index())
        {
            using var turn = NewDisposeScope();                                                     // an expert's tensors end with its turn
            var found = chosen.eq(e).nonzero();                                                     // (n, 2): token, place
            if (found.shape[0] > 0)
            {
                var (tokens, places) = (found.select(1, 0), found.select(1, 1));
                var output = expert.Apply(flat.index_select(0, tokens));                            // (n, D)
                sum.index_add_(0, tokens, output * weights.index(tokens, places).unsqueeze(-1), 1);
            }
        }

        return sum.view(x.shape).MoveToOuterDisposeScope();
    }
}
