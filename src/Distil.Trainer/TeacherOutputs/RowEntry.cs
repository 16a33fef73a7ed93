using System.Buffers.Binary;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>A row's place in the file, with its sizes and checksum.</summary>
/// <param name="Offset">Offset of its first byte.</param>
/// <param name="SparseBytes">Bytes of its kept tokens and tails; its hidden states follow.</param>
/// <param name="Positions">Number of real positions.</param>
/// <param name="MaxKept">Largest number of tokens kept at one position.</param>
/// <param name="Checksum">CRC-32C of all its bytes.</param>
internal readonly record struct RowEntry(long Offset, int SparseBytes, int Positions, int MaxKept, uint Checksum)
{
    internal const int Size = 24;

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Offset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], SparseBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], Positions);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], MaxKept);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], Checksum);
    }

    internal static RowEntry Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]));
}
