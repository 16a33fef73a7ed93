using System.Buffers.Binary;
using System.Numerics;

namespace Distil.Trainer.Metrics;

/// <summary>CRC-32C (Castagnoli) and TensorFlow's masked form of it, which avoids weak checksums of data that contains checksums.</summary>
internal static class Crc32C
{
    /// <summary>The checksum (RFC 3720, appendix B.4).</summary>
    internal static uint Of(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }
        return ~crc;
    }

    /// <summary>The form that TFRecord files store.</summary>
    internal static uint Masked(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Of(data), 15) + 0xa282ead8;
}
