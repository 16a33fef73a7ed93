using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>CRC-32C, which processors compute: finds every flipped bit in a row, cheaply enough for each read.</summary>
internal static class Checksum
{
    internal static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
