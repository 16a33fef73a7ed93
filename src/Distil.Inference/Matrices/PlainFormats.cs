using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distil.Inference.Matrices;

/// <summary>Weights as float32.</summary>
internal readonly unsafe struct Float32Format : IWeightFormat
{
    /// <inheritdoc/>
    public static int BlockBytes => Matrix.Block * sizeof(float);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(byte* block) => Vector512.Load((float*)block);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(byte* block) => Vector512.Load((float*)block + 16);

    /// <inheritdoc/>
    public static void Write(ReadOnlySpan<float> weights, byte* block) => weights.CopyTo(new((float*)block, Matrix.Block));
}

/// <summary>Weights as bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Format : IWeightFormat
{
    /// <inheritdoc/>
    public static int BlockBytes => Matrix.Block * sizeof(ushort);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(byte* block) => (Vector512.WidenLower(Vector512.Load((ushort*)block)) << 16).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(byte* block) => (Vector512.WidenUpper(Vector512.Load((ushort*)block)) << 16).AsSingle();

    /// <inheritdoc/>
    public static void Write(ReadOnlySpan<float> weights, byte* block)
    {
        for (var i = 0; i < Matrix.Block; i++)
        {
            ((ushort*)block)[i] = Round(weights[i]);
        }
    }

    /// <summary>Rounds to the nearest bfloat16, to an even one if two are as near.</summary>
    internal static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
