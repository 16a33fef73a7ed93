using System.Runtime.Intrinsics;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>A layer with an mLSTM over softmax features of the teacher's queries and keys in the place of attention, mixed with attention over a window
/// (docs/method.md, the linearised student).</summary>
internal sealed unsafe class MixedLayer : TransformerLayer
{
    /// <summary>Keeps 0 / 0 from being NaN if every weight underflows, as in training.</summary>
    private const float Smallest = 1e-30f;

    /// <summary>The stabiliser of an empty state: exp of it is 0, so that the state has no weight, and it is finite, so that differences of two of them are.</summary>
    internal const float StartStabiliser = -1e30f;

    private readonly Window? _window;
    private readonly bool _both;
    private readonly int _features;   // of a query or key in a head
    private readonly int _normaliser; // offsets in the state: n and m after the matrices
    private readonly int _stabiliser;

    /// <summary>Takes over the weights.</summary>
    internal MixedLayer(LinearisedShape shape, TransformerLayerWeights inherited, MixerLayerWeights weights)
        : base(shape.Transformer, inherited)
    {
        (Mixer, _both, _features) = (weights, shape.FeatureMap == FeatureMap.Both, shape.FeatureSize);
        _normaliser = Heads.Heads * _features * Heads.Stride;
        _stabiliser = _normaliser + VectorMath.Padded(Heads.Heads * _features);
        var memory = _stabiliser + VectorMath.Padded(Heads.Heads);
        _window = shape.Window > 0 ? new(Heads, shape.Window, shape.Sinks, memory) : null;
        StateLength = (int)StateLengthOf(shape);
    }

    /// <value>The weights that its teacher did not have.</value>
    internal MixerLayerWeights Mixer { get; }

    /// <inheritdoc/>
    internal override int StateLength { get; }

    /// <inheritdoc/>
    internal override long WeightBytes => base.WeightBytes + Mixer.Bytes;

    /// <inheritdoc/>
    protected override long BytesOfARow => 2L * sizeof(float) * StateLength;

    /// <summary>Floats of a layer's state.</summary>
    internal static long StateLengthOf(LinearisedShape shape)
    {
        var heads = HeadLayout.Of(shape.Transformer);
        var features = heads.Heads * shape.FeatureSize;
        return (long)features * heads.Stride + VectorMath.Padded(features) + VectorMath.Padded(heads.Heads) + Window.Length(shape, heads);
    }

    /// <summary>Values of a row for projections and features of queries and keys.</summary>
    internal static int FeatureLength(LinearisedShape shape) => 2 * shape.Transformer.Heads * (shape.Transformer.HeadSize + shape.FeatureSize);

    /// <inheritdoc/>
    internal override void Start(float* state) => new Span<float>(state + _stabiliser, Heads.Heads).Fill(StartStabiliser);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Mixer.Dispose();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        Current.Product.Multiply(Mixer.Gates, Current.Normed, Current.Gates, Current.Count);
        if (Mixer.OutputGate is { } gate)
        {
            Current.Product.Multiply(gate, Current.Normed, Current.Up.From(Heads.Projected), Current.Count);
        }
    }

    /// <inheritdoc/>
    protected override void Attend(int sequence, int head)
    {
        var (first, end) = (Current.FirstRow(sequence), Current.EndRow(sequence));
        var state = Current.State(sequence) + Offset;
        Project(Mixer.QueryFeatures, head * Heads.Stride, 0, head, first, end - first);
        Project(Mixer.KeyFeatures, Heads.Key(Heads.Shared(head)), Heads.Units, head, first, end - first);
        float* result = stackalloc float[2 * Heads.Stride], seen = result + Heads.Stride;
        for (var row = first; row < end; row++)
        {
            Remember(row, head, state, result);
            if (_window is not null)
            {
                _window.Attend(state, new(Current.Joined[first], Current.Joined.Stride), Current.Position(first), row - first, head, seen);
                Mix(result, seen, Share(row, head));
            }

            Write(row, head, result);
        }
    }

    /// <inheritdoc/>
    protected override void Complete()
    {
        for (var sequence = 0; _window is not null && sequence < Current.Sequences; sequence++)
        {
            var first = Current.FirstRow(sequence);
            _window.Store(
                Current.State(sequence) + Offset, new(Current.Joined[first], Current.Joined.Stride), Current.Position(first), Current.EndRow(sequence) - first);
        }
    }

    /// <summary>u of every row: rotated queries or keys times a head's matrix.</summary>
    private void Project(Matrix matrix, int from, int to, int head, int first, int count) => matrix.Multiply(
        new(Current.Joined[first] + from, Current.Joined.Stride), new(Current.Convolved[first] + to, Current.Convolved.Stride), count,
        head * Heads.Size, (head + 1) * Heads.Size);

    /// <summary>The memory's part of a row.</summary>
    private void Remember(int row, int head, float* state, float* result)
    {
        float* u = Current.Convolved[row] + head * Heads.Size, gates = Current.Gates[row], bias = Mixer.GateBias.Start;
        float* q = Current.Convolved[row] + 2 * Heads.Units + head * _features, k = q + Heads.Heads * _features;
        Features.Of(u, q, Heads.Size, _both);
        Features.Of(u + Heads.Units, k, Heads.Size, _both);
        var at = head * _features;
        var memory = new MatrixMemory(state + (long)at * Heads.Stride, state + _normaliser + at, state + _stabiliser + head, _features, Heads.Stride);
        var forget = Heads.Heads + head;
        var (dot, _) = memory.Step(
            q, k, Current.Joined[row] + Heads.Value(Heads.Shared(head)), gates[head] + bias[head], gates[forget] + bias[forget], 1, result);
        Elementwise.Scale(result, 1 / (dot + Smallest), Heads.Size);
        if (Mixer.OutputBias is not null)
        {
            var unit = head * Heads.Size;
            Elementwise.Gate(result, Current.Up[row] + Heads.Projected + unit, Mixer.OutputBias.Start + unit, Heads.Size);
        }
    }

    /// <summary>o, from query, key and value before the rotation: the share must not depend on the position.</summary>
    private float Share(int row, int head)
    {
        float* up = Current.Up[row], mix = Mixer.Mix!.Start + head * 3 * Heads.Size;
        var shared = Heads.Shared(head);
        var logit = Mixer.MixBias!.Start[head]
            + Elementwise.Dot(up + head * Heads.Size, mix, Heads.Size)
            + Elementwise.Dot(up + Heads.ProjectedKey(shared), mix + Heads.Size, Heads.Size)
            + Elementwise.Dot(up + Heads.ProjectedValue(shared), mix + 2 * Heads.Size, Heads.Size);
        return 1 / (1 + MathF.Exp(-logit));
    }

    /// <summary>memory = o·memory + (1 − o)·window.</summary>
    private void Mix(float* memory, float* window, float share)
    {
        var (own, other) = (Vector512.Create(share), Vector512.Create(1 - share));
        for (var i = 0; i < Heads.Stride; i += VectorMath.Width)
        {
            (own * Vector512.Load(memory + i) + other * Vector512.Load(window + i)).Store(memory + i);
        }
    }
}
