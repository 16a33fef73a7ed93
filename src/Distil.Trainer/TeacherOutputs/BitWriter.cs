using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Appends bits to a pooled buffer, lowest first.</summary>
internal sealed class BitWriter : IDisposable
{
    /// <value>Most bits that one call can write: together with a partly filled byte before them they fit into one 64-bit store.</value>
    internal const int MaxBits = 56;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 16);
    private int _length;
    private ulong _pending;
    private int _count;

    /// <value>The bytes written so far; call <see cref="Flush"/> first.</value>
    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <param name="value">Must fit into <paramref name="bits"/>.</param>
    /// <param name="bits">0–<see cref="MaxBits"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Write(ulong value, int bits)
    {
        if (_bytes.Length - _length < sizeof(ulong))
        {
            Grow();
        }
        var pending = _pending | (value << _count);
        var count = _count + bits;
        // All 8 bytes are stored; those that are not full yet are overwritten by the next call.
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_length), pending);
        _length += count >> 3;
        _pending = pending >> (count & ~7);
        _count = count & 7;
    }

    /// <summary>Golomb–Rice code: value ÷ 2^k in unary, ended by a zero, then k bits.</summary>
    internal void WriteRice(uint value, int k)
    {
        var quotient = value >> k;
        for (; quotient >= 24; quotient -= 24)
        {
            Write(0xFFFFFF, 24);
        }
        Write((1ul << (int)quotient) - 1, (int)quotient + 1);
        Write(value & ((1ul << k) - 1), k);
    }

    /// <summary>Writes two numbers as two calls of <see cref="WriteRice(uint, int)"/> would.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WriteRice(uint first, int firstK, uint second, int secondK)
    {
        var (ones, moreOnes) = (first >> firstK, second >> secondK);
        var length = (ulong)ones + moreOnes + (ulong)(firstK + secondK + 2);
        if (length > MaxBits)
        {
            WriteRice(first, firstK);
            WriteRice(second, secondK);
            return;
        }

        Write(Code(first, (int)ones, firstK) | (Code(second, (int)moreOnes, secondK) << ((int)ones + 1 + firstK)), (int)length);
    }

    /// <summary>Fills the last byte with zeros.</summary>
    internal void Flush()
    {
        if (_count > 0)
        {
            Write(0, 8 - _count);
        }
    }

    /// <summary>Starts again in the same buffer.</summary>
    internal void Clear() => (_length, _pending, _count) = (0, 0, 0);

    /// <summary>A k that is close to optimal for values of a given mean.</summary>
    internal static int RiceParameter(ulong sum, int count) => BitOperations.Log2(Math.Max(1, (uint)(sum / (ulong)count)));

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private static ulong Code(uint value, int quotient, int k) => ((1ul << quotient) - 1) | ((value & ((1ul << k) - 1)) << (quotient + 1));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * _bytes.Length);
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
