using System.Buffers;
using System.Numerics;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Appends bits to a buffer, lowest first.</summary>
internal sealed class BitWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private ulong _pending;
    private int _count;

    /// <value>What has been written; call <see cref="Flush"/> first.</value>
    internal ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <param name="value">Fits in <paramref name="bits"/>.</param>
    /// <param name="bits">0–32.</param>
    internal void Write(uint value, int bits)
    {
        _pending |= (ulong)value << _count;
        for (_count += bits; _count >= 8; _count -= 8, _pending >>= 8)
            Append((byte)_pending);
    }

    /// <summary>Golomb–Rice: value ÷ 2^k in ones ended by a zero, then k bits.</summary>
    internal void WriteRice(uint value, int k)
    {
        var quotient = value >> k;
        for (; quotient >= 24; quotient -= 24)
            Write(0xFFFFFF, 24);
        Write((1u << (int)quotient) - 1, (int)quotient + 1);
        Write(value & ((1u << k) - 1), k);
    }

    /// <summary>Fills up the last byte with zeros.</summary>
    internal void Flush()
    {
        if (_count > 0)
            Append((byte)_pending);
        (_pending, _count) = (0, 0);
    }

    /// <summary>The k that is near the shortest for values of a given mean.</summary>
    internal static int RiceParameter(ulong sum, int count) => BitOperations.Log2(Math.Max(1, (uint)(sum / (ulong)count)));

    private void Append(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
