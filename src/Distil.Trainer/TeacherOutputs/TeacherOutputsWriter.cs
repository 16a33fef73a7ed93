using System.Buffers.Binary;
using System.Text.Json;
using Distil.Core;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Writes one shard's teacher outputs row by row, with at most one batch in memory. The file appears under its name when it is complete.</summary>
/// <remarks>
/// Layout, little-endian: magic, version, header length, header (JSON), its CRC-32C; each row's bits, then its hidden states; one index entry per
/// row; at the end the number of rows, the index's offset, its CRC-32C, magic.
/// </remarks>
public sealed class TeacherOutputsWriter : IDisposable
{
    internal const int Version = 3, BeginningSize = 16, EndSize = 24;
    internal static ReadOnlySpan<byte> Magic => "DISTILTO"u8;
    internal static ReadOnlySpan<byte> EndMagic => "DTOE"u8;

    private readonly string _path;
    private readonly RowEncoder _encoder;
    private readonly FileStream _stream;
    private readonly List<RowEntry> _index = [];
    private long _offset, _positions, _tokens, _capped;

    /// <summary>Starts a file in the folder of its final name.</summary>
    public TeacherOutputsWriter(string path, TeacherOutputsHeader header)
    {
        (_path, _encoder) = (path, new(header));
        // Pieces are large, so they are written without a buffer. A new file is created instead of truncating an old one, which ext4 would flush to the disk
        // on close.
        File.Delete(PartialPath);
        _stream = new(PartialPath, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        var json = JsonSerializer.SerializeToUtf8Bytes(header, TeacherOutputsHeader.Json);
        var bytes = new byte[BeginningSize + json.Length + 4];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), header.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), json.Length);
        json.CopyTo(bytes, BeginningSize);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^4), Crc32C.Of(json));
        Write(bytes);
    }

    /// <value>Mean number of tokens kept at a position, over the rows appended; 0 before the first.</value>
    public double MeanKeptTokens => _positions == 0 ? 0 : (double)_tokens / _positions;

    /// <value>Share of positions at which the cap cut the nucleus short; 0 before the first row.</value>
    public double CappedShare => _positions == 0 ? 0 : (double)_capped / _positions;

    /// <value>Encodes batches for <see cref="Append(IEncodedRows)"/>, also while another batch is being appended.</value>
    internal RowEncoder Encoder => _encoder;

    /// <value>Path of the file until it is complete. Bytes that have been written to it no longer change.</value>
    internal string PartialPath => _path + ".partial";

    /// <value>Bytes written.</value>
    internal long Length => _offset;

    /// <summary>Appends a batch of rows.</summary>
    /// <param name="targets">Targets of whole rows of the header's context length.</param>
    /// <param name="lengths">Real positions of each row; empty if all are real. Only those are stored.</param>
    public void Append(TeacherTargets targets, ReadOnlySpan<int> lengths = default)
    {
        using var rows = _encoder.Encode(targets, lengths);
        Append(rows);
    }

    /// <summary>Appends rows that were encoded with the same header.</summary>
    internal void Append(IEncodedRows rows)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            _index.Add(rows.Entry(row, _offset));
            var kept = rows.KeptOf(row);
            (_positions, _tokens, _capped) = (_positions + kept.Positions, _tokens + kept.Tokens, _capped + kept.Capped);
            Write(rows.SparseOf(row));
            Write(rows.HiddenOf(row));
        }
    }

    /// <summary>Writes the index and gives the file its name.</summary>
    public void Complete()
    {
        var bytes = new byte[_index.Count * RowEntry.Size + EndSize];
        foreach (var (row, entry) in _index.Index())
        {
            entry.Write(bytes.AsSpan(row * RowEntry.Size));
        }
        var end = bytes.AsSpan(_index.Count * RowEntry.Size);
        BinaryPrimitives.WriteInt64LittleEndian(end, _index.Count);
        BinaryPrimitives.WriteInt64LittleEndian(end[8..], _offset);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], Crc32C.Of(bytes.AsSpan(0, bytes.Length - EndSize)));
        EndMagic.CopyTo(end[20..]);
        Write(bytes);
        // Not flushed to the disk: the durable copy is in storage, and the checksums detect a copy that a power failure damaged.
        _stream.Dispose();
        File.Move(PartialPath, _path, overwrite: true);
    }

    /// <summary>Closes the file, and deletes it if it is not complete.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(PartialPath);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _offset += bytes.Length;
    }
}
