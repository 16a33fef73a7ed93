using System.Runtime.InteropServices;
using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Floating-point numbers of eight bits (OCP 8-bit Floating Point Specification, OCP Microscaling Formats).</summary>
internal static class Float8
{
    private static readonly Dictionary<string, float[]> Tables = new()
    {
        ["F8_E4M3"] = Table(value => Decode(value, exponentBits: 4, hasInfinity: false)),
        ["F8_E5M2"] = Table(value => Decode(value, exponentBits: 5, hasInfinity: true)),
        ["F8_E8M0"] = Table(value => value == 255 ? float.NaN : MathF.ScaleB(1, value - 127)),
    };

    /// <summary>Whether a type is one of them.</summary>
    internal static bool Is(SafetensorsDtype dtype) => Tables.ContainsKey(dtype.Name);

    /// <summary>Decodes the bytes of such numbers.</summary>
    /// <param name="bytes">On the CPU, of any shape.</param>
    /// <param name="dtype">Their type.</param>
    /// <returns>The numbers in float32, of the same shape.</returns>
    internal static Tensor Decode(Tensor bytes, SafetensorsDtype dtype)
    {
        var table = Tables[dtype.Name];
        var numbers = empty(bytes.shape, ScalarType.Float32);
        var from = bytes.bytes;
        var to = MemoryMarshal.Cast<byte, float>(numbers.bytes);
        for (var i = 0; i < from.Length; i++)
        {
            to[i] = table[from[i]];
        }

        return numbers;
    }

    private static float[] Table(Func<int, float> decode) => [.. Enumerable.Range(0, 256).Select(decode)];

    private static float Decode(int value, int exponentBits, bool hasInfinity)
    {
        var mantissaBits = 7 - exponentBits;
        var (bias, top) = ((1 << (exponentBits - 1)) - 1, (1 << exponentBits) - 1);
        var (sign, exponent, mantissa) = (value >> 7 == 0 ? 1f : -1f, (value >> mantissaBits) & top, value & ((1 << mantissaBits) - 1));
        if (exponent == top && (hasInfinity || mantissa == (1 << mantissaBits) - 1))
        {
            return hasInfinity && mantissa == 0 ? sign * float.PositiveInfinity : float.NaN;
        }

        var fraction = mantissa / (float)(1 << mantissaBits);
        return sign * (exponent == 0 ? MathF.ScaleB(fraction, 1 - bias) : MathF.ScaleB(1 + fraction, exponent - bias));
    }
}
