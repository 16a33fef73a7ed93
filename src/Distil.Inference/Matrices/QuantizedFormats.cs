using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Distil.Inference.Matrices;

/// <summary>Weights as 8-bit integers from −127 to 127, times a scale for each block.</summary>
internal readonly unsafe struct Int8Format : IWeightFormat
{
    /// <inheritdoc/>
    public static int BlockBytes => Matrix.Block;

    /// <inheritdoc/>
    public static bool IsScaled => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(byte* block, float* scale) => Vector512.ConvertToSingle(Widen((sbyte*)block)) * Vector512.Create(*scale);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(byte* block, float* scale) => Vector512.ConvertToSingle(Widen((sbyte*)block + 16)) * Vector512.Create(*scale);

    /// <inheritdoc/>
    public static void Write(ReadOnlySpan<float> weights, byte* block, float* scale)
    {
        var largest = 0f;
        foreach (var weight in weights)
        {
            largest = MathF.Max(largest, MathF.Abs(weight));
        }

        *scale = largest / 127;
        for (var i = 0; i < Matrix.Block; i++)
        {
            ((sbyte*)block)[i] = largest > 0 ? (sbyte)MathF.Round(weights[i] / *scale) : (sbyte)0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(sbyte* from) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(from))
        : Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(from).ToVector256()).ToVector512());
}

/// <summary>Weights as 4-bit integers from −8 to 7, times a scale for each block.</summary>
/// <remarks>Byte i of a block contains weight i in its lower half and weight 16 + i in its upper half, both plus 8.</remarks>
internal readonly unsafe struct Int4Format : IWeightFormat
{
    /// <inheritdoc/>
    public static int BlockBytes => Matrix.Block / 2;

    /// <inheritdoc/>
    public static bool IsScaled => true;

    private static Vector512<float> Values => Vector512.Create(-8f, -7f, -6f, -5f, -4f, -3f, -2f, -1f, 0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(byte* block, float* scale) => Value(Widen(block)) * Vector512.Create(*scale);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(byte* block, float* scale) => Value(Widen(block) >>> 4) * Vector512.Create(*scale);

    /// <inheritdoc/>
    public static void Write(ReadOnlySpan<float> weights, byte* block, float* scale)
    {
        // The value farthest from 0 becomes −8, so that all sixteen integers are used.
        var farthest = 0f;
        foreach (var weight in weights)
        {
            farthest = MathF.Abs(weight) > MathF.Abs(farthest) ? weight : farthest;
        }

        *scale = farthest / -8;
        for (var i = 0; i < BlockBytes; i++)
        {
            block[i] = (byte)(Code(weights[i], *scale) | (Code(weights[i + BlockBytes], *scale) << 4));
        }
    }

    private static int Code(float weight, float scale) => scale == 0 ? 8 : Math.Clamp((int)MathF.Round(weight / scale) + 8, 0, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(byte* from) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(from))
        : Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(from).ToVector256()).ToVector512()).AsInt32();

    // The permutation reads the lowest four bits of an index only.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Value(Vector512<int> code) => Avx512F.IsSupported
        ? Avx512F.PermuteVar16x32(Values, code)
        : Vector512.ConvertToSingle((code & Vector512.Create(15)) - Vector512.Create(8));
}
