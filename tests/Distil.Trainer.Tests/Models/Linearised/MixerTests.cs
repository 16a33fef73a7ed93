using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

/// <summary>One layer's mixer in float64 against the equations of docs/method.md, written as loops.</summary>
public sealed class MixerTests
{
    private const int Heads = 4, Shared = 2, Size = 4, Width = 12, Length = 9;

    [Theory]
    [InlineData(0, FeatureMap.Softmax, false)]
    [InlineData(0, FeatureMap.Both, true)]
    [InlineData(3, FeatureMap.Softmax, true)]
    [InlineData(3, FeatureMap.Both, false)]
    public void Equals_the_equations(int window, FeatureMap features, bool gate)
    {
        using var scope = NewDisposeScope();
        var layer = new Layer(window, features, gate);
        var x = layer.Draw(2, Length, Width);
        var branches = layer.Mixer.Forward(x, layer.Angles, Branch.Both);
        for (var b = 0; b < 2; b++)
        {
            for (var head = 0; head < Heads; head++)
            {
                Assert.InRange(GoldenCase.RelativeError(branches.Mixed[b, head], layer.Equations(x[b], head)), 0, 1e-10);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Gradients_are_those_of_finite_differences(int window)
    {
        using var scope = NewDisposeScope();
        var layer = new Layer(window, FeatureMap.Both, gate: true);
        var x = layer.Draw(1, Length, Width).requires_grad_(true);
        var direction = layer.Draw(1, Heads, Length, Size);
        Tensor Loss() => (layer.Mixer.Forward(x, layer.Angles, Branch.Both).Mixed * direction).sum();
        Tensor[] leaves = [x, .. layer.Weights.Select(weight => weight.requires_grad_(true))];
        Loss().backward();
        using var frozen = no_grad();
        foreach (var leaf in leaves)
        {
            var step = layer.Draw(leaf.shape);
            leaf.add_(step, alpha: 1e-6);
            var above = Loss().item<double>();
            leaf.add_(step, alpha: -2e-6);
            var difference = (above - Loss().item<double>()) / 2e-6;
            leaf.add_(step, alpha: 1e-6);
            var expected = (leaf.grad! * step).sum().item<double>();
            Assert.InRange(Math.Abs(difference - expected), 0, 1e-7 * (1 + Math.Abs(expected)));
        }
    }

    [Fact]
    public void With_the_memory_alone_the_mix_still_has_a_gradient()
    {
        using var scope = NewDisposeScope();
        var layer = new Layer(window: 3, FeatureMap.Softmax, gate: false);
        foreach (var weight in layer.Weights)
        {
            weight.requires_grad_(true);
        }

        var branches = layer.Mixer.Forward(layer.Draw(1, Length, Width), layer.Angles, Branch.Memory);
        branches.Mixed.square().sum().backward();
        Assert.True(branches.Mixed.eq(branches.Memory!).all().item<bool>());
        Assert.All(layer.Weights, weight => Assert.NotNull(weight.grad));
    }

    private sealed class Layer
    {
        private readonly Generator _random = new(1, CPU);
        private readonly LinearisedShape _shape;
        private readonly Attention _attention;
        private readonly MixerWeights _new;

        internal Layer(int window, FeatureMap features, bool gate)
        {
            var config = new TransformerConfig
            {
                Family = TransformerFamily.Qwen2, VocabularySize = 8, HiddenSize = Width, IntermediateSize = 8, Layers = 1, Heads = Heads,
                KeyValueHeads = Shared, HeadSize = Size, MaxPositions = 64,
            };
            _shape = new() { Transformer = config, ContextLength = 32, Window = window, Sinks = 1, FeatureMap = features, OutputGate = gate };
            _attention = new Attention(
                config, new(Draw(Heads * Size, Width), Draw(Heads * Size)), new(Draw(Shared * Size, Width), null), new(Draw(Shared * Size, Width), null),
                new(Draw(Width, Heads * Size), null), null, null);
            _new = new(
                Draw(Heads, Size, Size), Draw(Heads, Size, Size), Draw(Heads, Width), Draw(Heads), Draw(Heads, Width), Draw(Heads) + 2,
                gate ? Draw(Heads * Size, Width) : null, gate ? Draw(Heads * Size) : null,
                window > 0 ? Draw(Heads, 3 * Size) : null, window > 0 ? Draw(Heads) : null);
            Mixer = new(_shape, _attention, _new);
            Angles = new RotaryEmbedding(config.Rotary, CPU, ScalarType.Float32).At(0, Length, ScalarType.Float64);
        }

        internal Mixer Mixer { get; }

        internal (Tensor Cos, Tensor Sin) Angles { get; }

        internal IEnumerable<Tensor> Weights => new[]
        {
            _new.QueryFeatures, _new.KeyFeatures, _new.InputGate, _new.InputBias, _new.ForgetGate, _new.ForgetBias, _new.OutputGate, _new.OutputBias, _new.Mix,
            _new.MixBias,
        }.OfType<Tensor>();

        internal Tensor Draw(params long[] shape) => randn(shape, ScalarType.Float64, generator: _random) * 0.7;

        /// <summary>One head of one text, (S, DH).</summary>
        internal Tensor Equations(Tensor x, int head)
        {
            var shared = head / (Heads / Shared);
            var (q, k, v) = (Rows(x, _attention.Query, head), Rows(x, _attention.Key, shared), Rows(x, _attention.Value, shared));
            var (rotatedQ, rotatedK) = (Rotated(q), Rotated(k));
            var outputs = new List<Tensor>();
            for (var t = 0; t < Length; t++)
            {
                var (above, below) = (zeros(Size, ScalarType.Float64), 0.0);
                for (var s = 0; s <= t; s++)
                {
                    var weight = Math.Exp(Gate(x[s], _new.InputGate, _new.InputBias, head))
                        * (Phi(rotatedQ[t], _new.QueryFeatures[head]) * Phi(rotatedK[s], _new.KeyFeatures[head])).sum().item<double>();
                    for (var r = s + 1; r <= t; r++)
                    {
                        weight *= 1 / (1 + Math.Exp(-Gate(x[r], _new.ForgetGate, _new.ForgetBias, head)));
                    }

                    (above, below) = (above + weight * v[s], below + weight);
                }

                var memory = above / below;
                if (_new.OutputGate is { } gate)
                {
                    var rows = arange(head * Size, (head + 1) * Size);
                    memory = memory * (gate.index_select(0, rows).mv(x[t]) + _new.OutputBias!.index_select(0, rows)).sigmoid();
                }

                outputs.Add(_shape.Window == 0 ? memory : Mixed(memory, t, head, q, k, v, rotatedQ, rotatedK));
            }

            return stack(outputs);
        }

        private Tensor Mixed(Tensor memory, int t, int head, Tensor q, Tensor k, Tensor v, Tensor rotatedQ, Tensor rotatedK)
        {
            long[] seen = [.. Enumerable.Range(0, t + 1).Where(s => s > t - _shape.Window || s < _shape.Sinks).Select(s => (long)s)];
            var keys = rotatedK.index_select(0, tensor(seen));
            var window = v.index_select(0, tensor(seen)).t().mv((keys.mv(rotatedQ[t]) / Math.Sqrt(Size)).softmax(-1));
            var o = (cat([q[t], k[t], v[t]]).dot(_new.Mix![head]) + _new.MixBias![head]).sigmoid();
            return o * memory + (1 - o) * window;
        }

        private Tensor Phi(Tensor rotated, Tensor weight)
        {
            var u = weight.t().mv(rotated);
            return _shape.FeatureMap == FeatureMap.Both ? cat([u.softmax(-1), (-u).softmax(-1)]) : u.softmax(-1);
        }

        private static double Gate(Tensor x, Tensor weight, Tensor bias, int head) => (weight[head].dot(x) + bias[head]).item<double>();

        private static Tensor Rows(Tensor x, Linear projection, int head)
        {
            var rows = arange(head * Size, (head + 1) * Size);
            var flat = x.matmul(projection.Weight.index_select(0, rows).t());
            return projection.Bias is { } bias ? flat + bias.index_select(0, rows) : flat;
        }

        private Tensor Rotated(Tensor rows)
        {
            var (left, right) = (rows.narrow(-1, 0, Size / 2), rows.narrow(-1, Size / 2, Size / 2));
            return rows * Angles.Cos + cat([-right, left], -1) * Angles.Sin;
        }
    }
}
