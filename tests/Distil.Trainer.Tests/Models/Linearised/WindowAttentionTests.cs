using Distil.Trainer.Models.Linearised;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

public sealed class WindowAttentionTests
{
    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(7, 1, 0)]
    [InlineData(50, 1, 3)]
    [InlineData(50, 7, 0)]
    [InlineData(50, 7, 10)] // sinks inside the window of the first queries
    [InlineData(90, 33, 2)] // a window longer than the shortest block, and an incomplete last block
    [InlineData(64, 32, 1)]
    [InlineData(40, 40, 4)]
    [InlineData(12, 100, 5)]
    public void Equals_dense_attention_over_the_same_positions(int length, int window, int sinks)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Random(length, 1), Random(length, 2), Random(length, 3));
        var first = Math.Min(sinks, length);
        var actual = WindowAttention.Forward(q, (k, v), (k.narrow(2, 0, first), v.narrow(2, 0, first)), first: 0, window);
        Assert.True(actual.allclose(Dense(q, k, v, window, sinks), rtol: 0, atol: 1e-12));
    }

    [Fact]
    public void Gradients_are_those_of_dense_attention()
    {
        using var scope = NewDisposeScope();
        var (own, dense) = (Gradients(Banded), Gradients((q, k, v) => Dense(q, k, v, window: 5, sinks: 2)));
        Assert.All(own.Zip(dense), pair => Assert.True(pair.First.allclose(pair.Second, rtol: 0, atol: 1e-12)));

        static Tensor Banded(Tensor q, Tensor k, Tensor v) =>
            WindowAttention.Forward(q, (k, v), (k.narrow(2, 0, 2), v.narrow(2, 0, 2)), first: 0, window: 5);
    }

    private static Tensor[] Gradients(Func<Tensor, Tensor, Tensor, Tensor> form)
    {
        Tensor[] inputs = [.. Enumerable.Range(1, 3).Select(seed => Random(40, seed).requires_grad_(true))];
        (form(inputs[0], inputs[1], inputs[2]) * Random(40, 4)).sum().backward();
        return [.. inputs.Select(input => input.grad!)];
    }

    /// <summary>The definition: every query over { s ≤ t : s > t − W or s &lt; n }, by an (S, S) mask.</summary>
    private static Tensor Dense(Tensor q, Tensor k, Tensor v, int window, int sinks)
    {
        var t = arange(q.shape[2]).unsqueeze(-1);
        var s = arange(q.shape[2]).unsqueeze(0);
        var seen = s.le(t).logical_and(s.gt(t - window).logical_or(s.lt(sinks)));
        var scores = q.matmul(k.transpose(-2, -1)) / Math.Sqrt(q.shape[3]);
        return scores.masked_fill(seen.logical_not(), double.NegativeInfinity).softmax(-1).matmul(v);
    }

    private static Tensor Random(int length, int seed)
    {
        using var random = new Generator((ulong)seed, CPU);
        return randn([2, 3, length, 8], ScalarType.Float64, generator: random);
    }
}
