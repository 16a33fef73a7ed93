using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Core;

/// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4), which processors compute: finds every flipped bit, cheaply enough for each read.</summary>
public static class Crc32C
{
    /// <summary>The checksum of one or two pieces of data, as if they were one.</summary>
    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default) => ~Continue(Continue(uint.MaxValue, first), second);

    private static uint Continue(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
