using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm.MLstm.Cell;

/// <summary>The CUDA cell's computation of the gates' gradients (<c>mlstm.cu</c>) in float64: weight · gradient, summed over the pairs of positions that a
/// gate affects.</summary>
public sealed class MLstmGateGradientTests
{
    private const int Length = 40, Chunk = 8;

    [Fact]
    public void Gate_gradients_follow_from_sums_inside_chunks_and_what_passes_between_them()
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(5, CPU);
        Tensor Random(double shift, params long[] shape) => (randn(shape, ScalarType.Float64, generator: random) + shift).requires_grad_();
        var (q, k, v) = (Random(0.3, 2, 3, Length, 8), Random(0.3, 2, 3, Length, 8), Random(0, 2, 3, Length, 8));
        var (input, forget) = (Random(0, 2, 3, Length), Random(2, 2, 3, Length));
        var gradient = randn([2, 3, Length, 8], ScalarType.Float64, generator: random);
        GradientScope.Backward(MLstmChunkwise.Forward(q, k, v, input, forget, Chunk), gradient);

        using var frozen = no_grad();
        var pairs = Pairs(q, k, v, input, forget, gradient);
        var (dInput, dForget) = (new List<Tensor>(), new List<Tensor>());
        for (var start = 0; start < Length; start += Chunk)
        {
            var end = start + Chunk;
            Tensor Part(int row, int rows, int column, int columns) => pairs.narrow(2, row, rows).narrow(3, column, columns);
            var inside = Part(start, Chunk, start, Chunk);
            var fromEarlier = Part(start, Chunk, 0, start).sum(-1);                                         // (B, NH, L), one per row
            var toLater = Part(end, Length - end, start, Chunk).sum(-2);                                    // (B, NH, L), one per column
            var passing = Part(end, Length - end, 0, end).sum(-1).sum(-1, keepdim: true);                   // (B, NH, 1)
            var through = inside.sum(-1) + fromEarlier - inside.sum(-2) - toLater;
            dForget.Add(through.flip(-1).cumsum(-1).flip(-1) + passing);
            dInput.Add(inside.sum(-2) + toLater);
        }

        Same(input.grad!, cat(dInput, -1), 1e-7, "gradient of the input gate");
        Same(forget.grad!, cat(dForget, -1) * (-forget).sigmoid(), 1e-7, "gradient of the forget gate");
    }

    /// <summary>Each pair's weight times the weight's gradient, including the normaliser's part, (B, NH, S, S): t, s.</summary>
    private static Tensor Pairs(Tensor q, Tensor k, Tensor v, Tensor input, Tensor forget, Tensor gradient)
    {
        var forgotten = nn.functional.logsigmoid(forget).cumsum(-1);
        var log = (forgotten.unsqueeze(-1) + (input - forgotten).unsqueeze(-2)).masked_fill(MLstmParallel.FutureMask(Length, CPU), double.NegativeInfinity);
        var peak = log.amax([-1], keepdim: true);
        var weights = q.matmul(k.transpose(-2, -1)) / Math.Sqrt(q.shape[3]) * (log - peak).exp();
        var sum = weights.sum(-1, keepdim: true);
        var normaliser = maximum(sum.abs(), (-peak).exp()) + MLstmParallel.Epsilon;
        var slope = where(sum.abs() > (-peak).exp(), sum.sign(), zeros_like(sum));
        var ofRetrieval = (gradient / normaliser).matmul(v.transpose(-2, -1));                              // of each weight, without the normaliser
        return weights * (ofRetrieval - slope / normaliser * (weights * ofRetrieval).sum(-1, keepdim: true));
    }
}
