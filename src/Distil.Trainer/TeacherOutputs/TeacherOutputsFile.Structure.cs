using System.Buffers.Binary;
using System.Text.Json;
using Distil.Core;

namespace Distil.Trainer.TeacherOutputs;

/// <content>Header and index, checked before anything is allocated by them.</content>
public sealed unsafe partial class TeacherOutputsFile
{
    private TeacherOutputsHeader ReadHeader(long size)
    {
        var beginning = At(0, TeacherOutputsWriter.BeginningSize);
        if (!beginning[..8].SequenceEqual(TeacherOutputsWriter.Magic))
        {
            throw Bad("does not begin like a file of teacher outputs");
        }
        var version = BinaryPrimitives.ReadInt32LittleEndian(beginning[8..]);
        if (version is < 1 or > TeacherOutputsWriter.Version)
        {
            throw Bad($"has format version {version}; this program reads versions 1 to {TeacherOutputsWriter.Version}");
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(beginning[12..]);
        if (length < 0 || length > size - TeacherOutputsWriter.BeginningSize - 4)
        {
            throw Bad($"says its header has {length} bytes, more than the file holds");
        }
        var json = At(TeacherOutputsWriter.BeginningSize, length);
        if (Crc32C.Of(json) != BinaryPrimitives.ReadUInt32LittleEndian(At(TeacherOutputsWriter.BeginningSize + length, 4)))
        {
            throw Bad("its header does not match its checksum; the file was changed");
        }
        try
        {
            return JsonSerializer.Deserialize<TeacherOutputsHeader>(json, TeacherOutputsHeader.Json) is { } header && header.IsPossible() && header.Version == version
                ? header
                : throw Bad("its header says what no writer writes");
        }
        catch (JsonException wrong)
        {
            throw Bad($"its header cannot be read: {wrong.Message}");
        }
    }

    private RowEntry[] ReadIndex(long size)
    {
        var end = At(size - TeacherOutputsWriter.EndSize, TeacherOutputsWriter.EndSize);
        var (rows, offset) = (BinaryPrimitives.ReadInt64LittleEndian(end), BinaryPrimitives.ReadInt64LittleEndian(end[8..]));
        if (!end[20..].SequenceEqual(TeacherOutputsWriter.EndMagic) || rows < 0 || rows > int.MaxValue / RowEntry.Size
            || offset < TeacherOutputsWriter.BeginningSize || offset + rows * RowEntry.Size + TeacherOutputsWriter.EndSize != size)
        {
            throw Bad($"does not end like a file of teacher outputs; the file is cut short");
        }
        var bytes = At(offset, (int)rows * RowEntry.Size);
        if (Crc32C.Of(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(end[16..]))
        {
            throw Bad("its index does not match its checksum; the file was changed");
        }
        var index = new RowEntry[rows];
        for (var row = 0; row < rows; row++)
        {
            index[row] = RowEntry.Read(bytes[(row * RowEntry.Size)..]);
            if (!IsPossible(index[row], offset))
            {
                throw Bad($"the index entry of row {row} says what no writer writes");
            }
        }

        return index;
    }

    // Checksums detect damage, not intent: memory is read and allocated by an entry's values, so they are checked too.
    private bool IsPossible(RowEntry entry, long end) =>
        entry is { SparseBytes: >= 0, Positions: >= 0 } && entry.Positions <= Header.ContextLength
        && entry.MaxKept >= 0 && entry.MaxKept <= Math.Min(Math.Min(Header.MaxTokens, Header.VocabularySize), 8L * entry.SparseBytes)
        && entry.SparseBytes + (long)entry.Positions * Header.HiddenBytes is <= int.MaxValue and var size
        && entry.Offset >= TeacherOutputsWriter.BeginningSize && entry.Offset <= end - size;
}
