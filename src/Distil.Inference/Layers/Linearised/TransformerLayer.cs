using Distil.Core.Models;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Layers.Linearised;

/// <summary>x += Wo·heads(norm(x)), then x += SwiGLU(norm(x)) (arXiv 2002.05202): a Transformer's layer with something in the place of its attention.</summary>
internal abstract unsafe class TransformerLayer : Layer, IWork
{
    private readonly Activation _activation = Activation.Of("swish");
    private readonly int _width;
    private readonly int _inner; // F

    /// <summary>Takes over the weights.</summary>
    protected TransformerLayer(TransformerConfig config, TransformerLayerWeights weights) =>
        (Weights, _width, _inner, Heads) = (weights, config.HiddenSize, config.IntermediateSize, HeadLayout.Of(config));

    /// <inheritdoc/>
    internal override long WeightBytes => Weights.Bytes;

    /// <value>The weights that its teacher had.</value>
    internal TransformerLayerWeights Weights { get; }

    /// <value>Where its heads are in a row.</value>
    protected HeadLayout Heads { get; }

    /// <value>The pass that is being processed.</value>
    protected Pass Current { get; private set; } = null!;

    /// <value>Where this layer's state begins in a sequence's.</value>
    protected int Offset { get; private set; }

    /// <inheritdoc/>
    internal override void Forward(Pass pass, int offset)
    {
        (Current, Offset) = (pass, offset);
        Normalise(Weights.InputNorm);
        Project();
        Prepare();
        pass.Team.Run(this, pass.Sequences * Heads.Heads, pass.Count * BytesOfARow);
        Complete();
        Add(Weights.Output, Weights.OutputBias);
        FeedForward();
    }

    /// <summary>One head of one sequence: fills its part of <see cref="Pass.Mixed"/>.</summary>
    void IWork.Do(int part) => Attend(part / Heads.Heads, part % Heads.Heads);

    /// <inheritdoc/>
    public override void Dispose() => Weights.Dispose();

    /// <value>Bytes that the heads read for a row, roughly.</value>
    protected abstract long BytesOfARow { get; }

    /// <summary>What must be done before the heads, which run in parallel.</summary>
    protected virtual void Prepare()
    {
    }

    /// <summary>Computes one head of every row of a sequence.</summary>
    protected abstract void Attend(int sequence, int head);

    /// <summary>What must be done after the heads.</summary>
    protected virtual void Complete()
    {
    }

    /// <summary>Writes a head's result of a row.</summary>
    protected void Write(int row, int head, float* result) =>
        new ReadOnlySpan<float>(result, Heads.Size).CopyTo(new(Current.Mixed[row] + head * Heads.Size, Heads.Size));

    private void Normalise(Norm norm)
    {
        for (var row = 0; row < Current.Count; row++)
        {
            norm.Apply(Current.Stream[row], Current.Normed[row]);
        }
    }

    /// <summary>q, k and v into <see cref="Pass.Up"/>, normalised per head if the model does that; rotated into <see cref="Pass.Joined"/>.</summary>
    private void Project()
    {
        var pass = Current;
        pass.Product.Multiply(Weights.Query, pass.Normed, pass.Up, pass.Count);
        pass.Product.Multiply(Weights.Key, pass.Normed, pass.Up.From(Heads.ProjectedKey(0)), pass.Count);
        pass.Product.Multiply(Weights.Value, pass.Normed, pass.Up.From(Heads.ProjectedValue(0)), pass.Count);
        for (var row = 0; row < pass.Count; row++)
        {
            float* up = pass.Up[row], joined = pass.Joined[row];
            AddBias(Weights.ProjectedBias, up);
            for (var head = 0; head < Heads.Heads + Heads.KeyValueHeads; head++)
            {
                var x = up + head * Heads.Size;
                (head < Heads.Heads ? Weights.QueryNorm : Weights.KeyNorm)?.Apply(x, x);
                Rotary.Rotate(x, pass.Angles[row], joined + head * Heads.Stride, Heads.Size);
            }

            for (var shared = 0; shared < Heads.KeyValueHeads; shared++)
            {
                new ReadOnlySpan<float>(up + Heads.ProjectedValue(shared), Heads.Size).CopyTo(new(joined + Heads.Value(shared), Heads.Size));
            }
        }
    }

    private void FeedForward()
    {
        var pass = Current;
        Normalise(Weights.FeedForwardNorm);
        pass.Product.Multiply(Weights.Gate, pass.Normed, pass.Up, pass.Count);
        pass.Product.Multiply(Weights.Up, pass.Normed, pass.Up.From(_inner), pass.Count);
        for (var row = 0; row < pass.Count; row++)
        {
            AddBias(Weights.GateAndUpBias, pass.Up[row]);
            _activation.Gate(pass.Up[row], pass.Up[row] + _inner, pass.Mixed[row], _inner);
        }

        Add(Weights.Down, Weights.DownBias);
    }

    /// <summary>Adds a projection of <see cref="Pass.Mixed"/> to the residual stream.</summary>
    private void Add(Matrix matrix, FloatBuffer? bias)
    {
        Current.Product.Multiply(matrix, Current.Mixed, Current.Normed, Current.Count);
        for (var row = 0; row < Current.Count; row++)
        {
            AddBias(bias, Current.Normed[row]);
        }

        Elementwise.Add(Current.Stream, Current.Normed, Current.Count, _width);
    }

    private static void AddBias(FloatBuffer? bias, float* x)
    {
        if (bias is not null)
        {
            Elementwise.Add(x, bias.Start, (int)bias.Length);
        }
    }
}
