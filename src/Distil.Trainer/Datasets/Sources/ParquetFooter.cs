using System.Buffers.Binary;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Checks the footer of a Parquet file before a library reads it.</summary>
/// <remarks>
/// Parquet.Net 6.1 reads a field as the type that it expects, whatever type the file states, and reads on behind the footer's end without an end: a damaged
/// footer could hold it forever. Sources: <c>parquet.thrift</c> and <c>parquet-format/README.md</c> (apache/parquet-format), Thrift's compact protocol.
/// </remarks>
internal static class ParquetFooter
{
    // The footer's length and the magic bytes PAR1 end the file; PAR1 begins it.
    private const int TailBytes = 8, MagicBytes = 4;

    /// <summary>Checks that the footer is a whole <c>FileMetaData</c> whose fields have their types.</summary>
    /// <param name="file">The file. Its position is changed.</param>
    /// <exception cref="InvalidDataException">The footer is damaged.</exception>
    /// <exception cref="EndOfStreamException">The footer is cut, or the file is shorter than a Parquet file can be.</exception>
    internal static void Check(Stream file)
    {
        if (file.Length < MagicBytes + TailBytes)
        {
            throw new EndOfStreamException($"it has {file.Length} bytes; a Parquet file has at least {MagicBytes + TailBytes}");
        }

        file.Seek(-TailBytes, SeekOrigin.End);
        Span<byte> tail = stackalloc byte[TailBytes];
        file.ReadExactly(tail);
        if (!tail[sizeof(int)..].SequenceEqual("PAR1"u8))
        {
            throw new InvalidDataException("it does not end with PAR1");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length < 1 || length > file.Length - TailBytes - MagicBytes)
        {
            throw new InvalidDataException($"its footer has {length} bytes; the file has {file.Length}");
        }

        var footer = new byte[length];
        file.Seek(-TailBytes - length, SeekOrigin.End);
        file.ReadExactly(footer);
        new ThriftStructure(footer, ParquetStructures.All, "footer").Check("FileMetaData");
    }
}
