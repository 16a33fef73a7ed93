using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distil.Inference.Numerics;

/// <summary>Sixteen floats at an address, or fewer at the end of an array.</summary>
internal static unsafe class Lanes
{
    /// <summary>Loads up to sixteen floats; the missing ones are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(float* from, int left) => left >= VectorMath.Width ? Vector512.Load(from) : LoadEnd(from, left);

    /// <summary>Stores up to sixteen floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector512<float> value, float* to, int left)
    {
        if (left >= VectorMath.Width)
        {
            value.Store(to);
        }
        else
        {
            StoreEnd(value, to, left);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadEnd(float* from, int left)
    {
        var lanes = stackalloc float[VectorMath.Width];
        new Span<float>(lanes, VectorMath.Width).Clear();
        new ReadOnlySpan<float>(from, left).CopyTo(new(lanes, left));
        return Vector512.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreEnd(Vector512<float> value, float* to, int left)
    {
        var lanes = stackalloc float[VectorMath.Width];
        value.Store(lanes);
        new ReadOnlySpan<float>(lanes, left).CopyTo(new(to, left));
    }
}
