using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>Softmax attention of one query over positions that are added in order, wherever they are stored: only sums are carried, no scores (online softmax,
/// arXiv 1805.02867).</summary>
/// <remarks>Positions are summed in blocks that are counted from the first: the bits depend on the positions and their order, not on where they lie.</remarks>
/// <param name="query">(stride), zeros after the head's size.</param>
/// <param name="size">DH.</param>
/// <param name="stride">DH rounded up to whole vectors.</param>
/// <param name="result">(stride): Σ softmax · v after <see cref="Finish"/>.</param>
internal unsafe ref struct AttentionSum(float* query, int size, int stride, float* result)
{
    private const int Block = 64;

    private readonly float _scale = 1 / MathF.Sqrt(size);
    private fixed float _scores[Block];
    private fixed long _values[Block];
    private float _max = float.NegativeInfinity;
    private float _sum;
    private int _count;
    private bool _begun;

    /// <summary>Adds positions.</summary>
    /// <param name="keys">The first one's key, (stride).</param>
    /// <param name="values">The first one's value, (stride).</param>
    /// <param name="positions">Number of positions.</param>
    /// <param name="step">Values from one position to the next.</param>
    internal void Add(float* keys, float* values, long positions, long step)
    {
        for (; positions > 0; positions--, keys += step, values += step)
        {
            var dot = Vector512<float>.Zero;
            for (var i = 0; i < stride; i += VectorMath.Width)
            {
                dot = Vector512.FusedMultiplyAdd(Vector512.Load(query + i), Vector512.Load(keys + i), dot);
            }

            (_scores[_count], _values[_count]) = (Vector512.Sum(dot) * _scale, (long)values);
            if (++_count == Block)
            {
                Flush();
            }
        }
    }

    /// <summary>Completes the result.</summary>
    internal void Finish()
    {
        Flush();
        Elementwise.Scale(result, 1 / _sum, stride);
    }

    private void Flush()
    {
        var max = _max;
        for (var i = 0; i < _count; i++)
        {
            max = MathF.Max(max, _scores[i]);
        }

        var carried = Vector512.Create(_begun ? MathF.Exp(_max - max) : 0);
        (_sum, _max) = (_sum * carried[0], max);
        fixed (float* scores = _scores)
        {
            Weigh(scores, max);
            for (var at = 0; at < stride; at += VectorMath.Width)
            {
                var sum = _begun ? Vector512.Load(result + at) * carried : Vector512<float>.Zero;
                for (var i = 0; i < _count; i++)
                {
                    sum = Vector512.FusedMultiplyAdd(Vector512.Create(scores[i]), Vector512.Load((float*)_values[i] + at), sum);
                }

                sum.Store(result + at);
            }
        }

        (_count, _begun) = (0, true);
    }

    /// <summary>Turns the scores into weights exp(score − max), and adds them up.</summary>
    private void Weigh(float* scores, float max)
    {
        var total = Vector512<float>.Zero;
        for (var i = 0; i < _count; i += VectorMath.Width)
        {
            Lanes.Store(VectorMath.Exp(Lanes.Load(scores + i, _count - i) - Vector512.Create(max)), scores + i, _count - i);
            total += Lanes.Load(scores + i, _count - i);
        }

        _sum += Vector512.Sum(total);
    }
}
