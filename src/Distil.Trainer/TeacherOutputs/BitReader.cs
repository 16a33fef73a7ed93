using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Reads the output of <see cref="BitWriter"/>. Past the end it reads zeros; the caller has already verified the checksum.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _next;
    private ulong _pending;
    private int _count;

    /// <param name="bits">0–32.</param>
    internal uint Read(int bits)
    {
        if (_count < bits)
        {
            Fill();
        }
        var value = (uint)(_pending & ((1UL << bits) - 1));
        _pending >>= bits;
        _count -= bits;
        return value;
    }

    /// <inheritdoc cref="BitWriter.WriteRice(uint, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint ReadRice(int k)
    {
        if (_count < 32)
        {
            Fill();
        }
        var ones = BitOperations.TrailingZeroCount(~_pending);
        var length = ones + 1 + k;
        if (length > _count)
        {
            return ReadLongRice(k);
        }

        var value = ((uint)ones << k) | (uint)((_pending >> (ones + 1)) & ((1UL << k) - 1));
        _pending >>= length;
        _count -= length;
        return value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint ReadLongRice(int k)
    {
        var quotient = 0u;
        while (true)
        {
            if (_count < 32)
            {
                Fill();
            }
            var ones = Math.Min(BitOperations.TrailingZeroCount(~_pending), _count);
            quotient += (uint)ones;
            _pending >>= ones;
            _count -= ones;
            if (_count > 0)
            {
                break;
            }
        }

        Read(1);
        return quotient << k | Read(k);
    }

    /// <summary>Makes at least 32 bits available if there are fewer.</summary>
    private void Fill()
    {
        if (_bytes.Length - _next >= sizeof(ulong))
        {
            // Adds as many whole bytes as fit; the rest of the 8 is read again later.
            _pending |= BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_next..]) << _count;
            var taken = (63 - _count) >> 3;
            _next += taken;
            _count += taken << 3;
            _pending &= (1UL << _count) - 1;
            return;
        }

        for (; _count <= 48; _count += 8)
        {
            if (_next < _bytes.Length)
            {
                _pending |= (ulong)_bytes[_next++] << _count;
            }
        }
    }
}
