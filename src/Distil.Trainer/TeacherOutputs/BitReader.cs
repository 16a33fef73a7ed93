using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Reads what <see cref="BitWriter"/> wrote. Past the end it reads zeros; the caller has checked the checksum.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private ulong _pending;
    private int _count;

    /// <param name="bits">0–32.</param>
    internal uint Read(int bits)
    {
        if (_count < bits)
            Fill();
        var value = (uint)(_pending & ((1UL << bits) - 1));
        _pending >>= bits;
        _count -= bits;
        return value;
    }

    /// <inheritdoc cref="BitWriter.WriteRice"/>
    internal uint ReadRice(int k)
    {
        var quotient = 0u;
        while (true)
        {
            if (_count < 32)
                Fill();
            var ones = Math.Min(BitOperations.TrailingZeroCount(~_pending), _count);
            quotient += (uint)ones;
            _pending >>= ones;
            _count -= ones;
            if (_count > 0)
                break;
        }

        Read(1);
        return quotient << k | Read(k);
    }

    private void Fill()
    {
        if (_rest.Length >= 4 && _count < 32)
        {
            _pending |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(_rest) << _count;
            _rest = _rest[4..];
            _count += 32;
            return;
        }

        for (; _count <= 48; _count += 8)
        {
            if (_rest.IsEmpty)
                continue;
            _pending |= (ulong)_rest[0] << _count;
            _rest = _rest[1..];
        }
    }
}
