using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>CRC-32C, which processors compute: finds every flipped bit in a row, cheaply enough for each read.</summary>
internal static class Checksum
{
    /// <summary>Of two pieces as if they were one.</summary>
    internal static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> then = default) => ~Continue(Continue(uint.MaxValue, first), then);

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }
        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }
        return crc;
    }
}
