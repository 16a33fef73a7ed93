using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>CRC-32C, for which processors have instructions: it detects every flipped bit in a row and is fast enough for each read.</summary>
internal static class Checksum
{
    /// <summary>The checksum of two pieces, as if they were one.</summary>
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
