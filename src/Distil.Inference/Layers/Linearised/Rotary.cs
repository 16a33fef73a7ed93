using System.Runtime.Intrinsics;
using Distil.Core.Models;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>Rotary position embedding (RoFormer, arXiv 2104.09864), with halves rotated as in Hugging Face. Angles are float32, as in training.</summary>
internal sealed unsafe class Rotary(TransformerConfig config)
{
    private readonly float[] _frequencies = [.. RotaryFrequencies.Of(config).Select(frequency => (float)frequency)];

    /// <summary>Values of a row of angles: the cosines, then the sines.</summary>
    internal static int LengthOf(TransformerConfig config) => 2 * VectorMath.Padded(config.HeadSize / 2);

    /// <summary>Computes the angles of all rows of a pass.</summary>
    internal void Fill(Pass pass)
    {
        var sines = VectorMath.Padded(_frequencies.Length);
        for (var row = 0; row < pass.Count; row++)
        {
            var angles = pass.Angles[row];
            float position = pass.Position(row);
            for (var j = 0; j < _frequencies.Length; j++)
            {
                (angles[sines + j], angles[j]) = MathF.SinCos(position * _frequencies[j]);
            }
        }
    }

    /// <summary>Rotates each pair (x_j, x_(j + DH/2)) by its angle.</summary>
    /// <param name="x">(size).</param>
    /// <param name="angles">The position's row.</param>
    /// <param name="y">(size), not x.</param>
    /// <param name="size">DH, even.</param>
    internal static void Rotate(float* x, float* angles, float* y, int size)
    {
        var half = size / 2;
        var sines = angles + VectorMath.Padded(half);
        for (var j = 0; j < half; j += VectorMath.Width)
        {
            var left = half - j;
            var (first, second) = (Lanes.Load(x + j, left), Lanes.Load(x + half + j, left));
            var (cosine, sine) = (Vector512.Load(angles + j), Vector512.Load(sines + j));
            Lanes.Store(first * cosine - second * sine, y + j, left);
            Lanes.Store(second * cosine + first * sine, y + half + j, left);
        }
    }
}
