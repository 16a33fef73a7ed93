using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

/// <summary>The mLSTM's forms with the plain normaliser, over positive features.</summary>
public sealed class PlainMemoryTests
{
    private const int Length = 21;
    private static readonly MLstmNormaliser Plain = MLstmNormaliser.Plain;

    [Theory]
    [InlineData(ScalarType.Float64, 1e-10)]
    [InlineData(ScalarType.Float32, 1e-4)]
    public void All_forms_equal_the_equations(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs.Random(type);
        var expected = Equations(inputs);
        Assert.InRange(GoldenCase.RelativeError(inputs.Parallel(), expected), 0, tolerance);
        foreach (var chunk in (int[])[1, 7, 16, Length])
        {
            Assert.InRange(GoldenCase.RelativeError(inputs.Chunkwise(chunk), expected), 0, tolerance);
        }

        Assert.InRange(GoldenCase.RelativeError(inputs.From(0, Length, inputs.Start(), step: 1), expected), 0, tolerance);
    }

    [Fact]
    public void A_state_can_be_handed_over_at_every_cut()
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs.Random(ScalarType.Float64);
        var expected = Equations(inputs);
        for (var cut = 1; cut < Length; cut++)
        {
            using var state = inputs.Start();
            var both = cat([inputs.From(0, cut, state, step: 7), inputs.From(cut, Length - cut, state, step: 1)], 2);
            Assert.InRange(GoldenCase.RelativeError(both, expected), 0, 1e-10);
        }
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(40)]
    public void A_constant_on_the_input_gate_changes_nothing(double constant)
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs.Random(ScalarType.Float64);
        var shifted = inputs with { InputGate = inputs.InputGate + constant };
        Assert.InRange(GoldenCase.RelativeError(shifted.Parallel(), inputs.Parallel()), 0, 1e-12);
        Assert.InRange(GoldenCase.RelativeError(shifted.Chunkwise(7), inputs.Chunkwise(7)), 0, 1e-12);
        Assert.InRange(
            GoldenCase.RelativeError(shifted.From(0, Length, shifted.Start(), step: 1), inputs.From(0, Length, inputs.Start(), step: 1)), 0, 1e-12);
    }

    /// <summary>h = φq·S / φq·z with S = f·S + i·φk ⊗ v and z = f·z + i·φk, in float64, position by position, without a stabiliser.</summary>
    private static Tensor Equations(Inputs inputs)
    {
        var (q, k, v) = (Wide(inputs.Q), Wide(inputs.K), Wide(inputs.V));
        var (i, f) = (Wide(inputs.InputGate).exp(), Wide(inputs.ForgetGate).sigmoid());
        var (matrix, sum) = (zeros([2, 3, 6, 5], ScalarType.Float64), zeros([2, 3, 6], ScalarType.Float64));
        var outputs = new List<Tensor>();
        for (var t = 0; t < Length; t++)
        {
            var (key, gate, kept) = (k.select(2, t), i.select(2, t).unsqueeze(-1), f.select(2, t).unsqueeze(-1));
            matrix = matrix * kept.unsqueeze(-1) + (key * gate).unsqueeze(-1) * v.select(2, t).unsqueeze(-2);
            sum = sum * kept + key * gate;
            var query = q.select(2, t);
            outputs.Add((query.unsqueeze(-1) * matrix).sum(-2) / (query * sum).sum(-1, keepdim: true));
        }

        return stack(outputs, 2);
    }

    private static Tensor Wide(Tensor tensor) => tensor.to(ScalarType.Float64);

    private sealed record Inputs(Tensor Q, Tensor K, Tensor V, Tensor InputGate, Tensor ForgetGate)
    {
        internal static Inputs Random(ScalarType type)
        {
            using var random = new Generator(1, CPU);
            Tensor Draw(params long[] shape) => randn(shape, ScalarType.Float64, generator: random).to(type);
            return new(
                Draw(2, 3, Length, 6).softmax(-1), Draw(2, 3, Length, 6).softmax(-1), Draw(2, 3, Length, 5), Draw(2, 3, Length), Draw(2, 3, Length) + 2);
        }

        internal Tensor Parallel() => MLstmParallel.Forward(Q, K, V, InputGate, ForgetGate, Plain);

        internal Tensor Chunkwise(int chunk) => MLstmChunkwise.Forward(Q, K, V, InputGate, ForgetGate, chunk, normaliser: Plain);

        internal MLstmState Start() => MLstmState.Start(2, 3, (6, 5), CPU, Plain, Q.dtype);

        internal Tensor From(int start, int length, MLstmState state, int step)
        {
            var parts = new List<Tensor>();
            for (var at = start; at < start + length; at += step)
            {
                var count = Math.Min(step, start + length - at);
                Tensor Part(Tensor whole) => whole.narrow(2, at, count);
                parts.Add(MLstmForm.Decode(Part(Q), Part(K), Part(V), Part(InputGate), Part(ForgetGate), state, Plain));
            }

            return cat(parts, 2);
        }
    }
}
