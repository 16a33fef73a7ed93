using Distil.Inference.Matrices;

namespace Distil.Onnx.Weights;

/// <summary>Weights as integers with a scale for each block of 32, rounded as the engine on the CPU rounds them, in the layout of ONNX Runtime's
/// MatMulNBits: unsigned codes, the first of two in a byte's lower half, with 8 or 128 for zero.</summary>
/// <param name="bits">8 or 4.</param>
internal sealed class BlockCodes(int bits)
{
    /// <value>Bytes of the codes of a block.</value>
    internal int Bytes => Matrix.Block * bits / 8;

    /// <summary>Rounds a block.</summary>
    /// <param name="weights">32 weights.</param>
    /// <param name="codes">Receives <see cref="Bytes"/> bytes.</param>
    /// <returns>The scale: a weight is (code − 2^(bits − 1)) · scale.</returns>
    internal float Round(ReadOnlySpan<float> weights, Span<byte> codes)
    {
        if (bits == 8)
        {
            return Int8Format.Round(weights, codes);
        }

        Span<byte> block = stackalloc byte[Matrix.Block];
        var scale = Int4Format.Round(weights, block);
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(block[2 * i] | (block[2 * i + 1] << 4));
        }

        return scale;
    }

    /// <summary>The weights that codes stand for.</summary>
    internal void Restore(ReadOnlySpan<byte> codes, float scale, Span<float> weights)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = (bits == 8 ? codes[i] - 128 : (codes[i / 2] >> (4 * (i % 2)) & 15) - 8) * scale;
        }
    }
}
