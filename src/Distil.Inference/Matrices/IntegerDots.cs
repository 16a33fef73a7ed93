using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Distil.Inference.Matrices;

/// <summary>A way to multiply the codes of four columns of eight rows by four 16-bit inputs, and to add the products to each row's sum, in two parts.</summary>
internal unsafe interface IIntegerDot
{
    /// <summary>Brings inputs into the order in which they are read: four of them stay in their eight bytes.</summary>
    static abstract Vector128<short> Order(Vector128<short> inputs);

    /// <summary>Adds to the first part.</summary>
    /// <param name="sum">Of eight rows.</param>
    /// <param name="codes">Four bytes a row.</param>
    /// <param name="inputs">Four ordered inputs.</param>
    static abstract Vector256<int> High(Vector256<int> sum, Vector256<byte> codes, int* inputs);

    /// <summary>Adds to the second part.</summary>
    static abstract Vector256<int> Low(Vector256<int> sum, Vector256<byte> codes, int* inputs);

    /// <summary>The sum of both parts.</summary>
    static abstract Vector256<int> Sum(Vector256<int> high, Vector256<int> low);
}

/// <summary>By AVX-VNNI: the upper and the lower bytes of the inputs, x = 256·h + l with −128 ≤ l &lt; 128, in two sums.</summary>
internal readonly unsafe struct VnniDot : IIntegerDot
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Order(Vector128<short> inputs) => Vector128.Shuffle(
        ((inputs + Vector128.Create((short)128)) ^ Vector128.Create((short)128)).AsByte(),
        Vector128.Create((byte)1, 3, 5, 7, 0, 2, 4, 6, 9, 11, 13, 15, 8, 10, 12, 14)).AsInt16();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> High(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        AvxVnni.MultiplyWideningAndAdd(sum, codes, Vector256.Create(inputs[0]).AsSByte());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Low(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        AvxVnni.MultiplyWideningAndAdd(sum, codes, Vector256.Create(inputs[1]).AsSByte());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sum(Vector256<int> high, Vector256<int> low) => (high << 8) + low;
}

/// <summary>By AVX2: codes as 16-bit integers in pairs, the even columns in one sum and the odd ones in the other.</summary>
internal readonly unsafe struct PairDot : IIntegerDot
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Order(Vector128<short> inputs) => Vector128.Shuffle(inputs, Vector128.Create(1, 3, 0, 2, 5, 7, 4, 6));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> High(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        sum + Avx2.MultiplyAddAdjacent((codes.AsUInt16() >>> 8).AsInt16(), Vector256.Create(inputs[0]).AsInt16());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Low(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        sum + Avx2.MultiplyAddAdjacent(codes.AsInt16() & Vector256.Create((short)255), Vector256.Create(inputs[1]).AsInt16());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sum(Vector256<int> high, Vector256<int> low) => high + low;
}

/// <summary>The plain form, for any processor.</summary>
internal readonly unsafe struct PlainDot : IIntegerDot
{
    /// <inheritdoc/>
    public static Vector128<short> Order(Vector128<short> inputs) => inputs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> High(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        sum + Column(codes, 2) * ((short*)inputs)[2] + Column(codes, 3) * ((short*)inputs)[3];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Low(Vector256<int> sum, Vector256<byte> codes, int* inputs) =>
        sum + Column(codes, 0) * ((short*)inputs)[0] + Column(codes, 1) * ((short*)inputs)[1];

    /// <inheritdoc/>
    public static Vector256<int> Sum(Vector256<int> high, Vector256<int> low) => high + low;

    private static Vector256<int> Column(Vector256<byte> codes, int column) => (codes.AsInt32() >>> (8 * column)) & Vector256.Create(255);
}
