using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Distil.Core.Errors;

namespace Distil.Trainer.Datasets;

/// <summary>Rows of token ids on disk, read at random through a memory map.</summary>
public sealed unsafe class TokenRows : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private readonly TokenRowsHeader _header;
    private readonly string _path;

    private TokenRows(string path, long bytes)
    {
        _path = path;
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start + _view.PointerOffset;
        try
        {
            _header = TokenRowsHeader.Read(new ReadOnlySpan<byte>(_data, (int)Math.Min(bytes, TokenRowsHeader.Bytes)), bytes, path);
            CheckSum(path, bytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>Tokens in a row.</value>
    public int ContextLength => _header.ContextLength;

    /// <value>Rows, ≥ 0.</value>
    public long Rows => _header.Rows;

    /// <value>Real tokens in all rows. Without masks, only the last row may have fewer than <see cref="ContextLength"/>.</value>
    public long Tokens => _header.Tokens;

    /// <value>Whether a mask says which tokens count in the losses.</value>
    public bool IsMasked => _header.IsMasked;

    /// <value>Whether models read the documents of a row apart from each other.</value>
    public bool HasDocuments => _header.Form == RowsForm.Documents;

    /// <summary>Opens a file and verifies all of it.</summary>
    /// <exception cref="InvalidInputException">The file is missing, truncated, damaged or no token-rows file.</exception>
    public static TokenRows Open(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length == 0)
        {
            throw new InvalidInputException($"{path}: is missing or empty; expected a token-rows file");
        }

        return new TokenRows(path, file.Length);
    }

    /// <summary>Reads a row.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="ids">Receives ContextLength ids; those after the row's real tokens are 0.</param>
    /// <returns>Number of real tokens in the row, ≥ 1.</returns>
    public int ReadRow(long row, Span<long> ids)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Length, ContextLength);
        var from = RowAt(row);
        if (_header.IdBytes == 2)
        {
            var narrow = new ReadOnlySpan<ushort>(from, ContextLength);
            for (var i = 0; i < narrow.Length; i++)
            {
                ids[i] = narrow[i];
            }
        }
        else
        {
            var wide = new ReadOnlySpan<int>(from, ContextLength);
            for (var i = 0; i < wide.Length; i++)
            {
                ids[i] = wide[i];
            }
        }

        return LengthOf(row);
    }

    /// <summary>Reads which tokens of a row count in the losses. Only for rows with masks.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="counts">Receives a value for each of the row's real tokens or more; what is beyond them does not count.</param>
    public void ReadMask(long row, Span<bool> counts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counts.Length, ContextLength);
        ReadBits(RowAt(row) + _header.IdsBytes + sizeof(int), LengthOf(row), counts);
    }

    /// <summary>Reads where the documents of a row are. Only for rows with documents.</summary>
    /// <param name="row">From 0.</param>
    /// <returns>The parts of the row, in order, at least one; the first of the row and the last may be parts of documents.</returns>
    /// <exception cref="InvalidInputException">No document begins at the row's first token.</exception>
    public IReadOnlyList<Range> DocumentsOf(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        var starts = new bool[LengthOf(row)];
        ReadBits(RowAt(row) + _header.IdsBytes + sizeof(int) + _header.BitsBytes, starts.Length, starts);
        return starts[0]
            ? LabelledTokens.Documents(starts)
            : throw new InvalidInputException($"{_path}: row {row} has no document that begins at its first token");
    }

    /// <summary>Number of real tokens of a row, ≥ 1.</summary>
    /// <param name="row">From 0.</param>
    /// <exception cref="InvalidInputException">Of rows with masks, the file says another number.</exception>
    public int LengthOf(long row) => IsMasked ? MaskedLengthOf(row) : (int)Math.Min(ContextLength, Tokens - row * ContextLength);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view.Dispose();
        _map.Dispose();
    }

    private byte* RowAt(long row) => _data + TokenRowsHeader.Bytes + row * _header.RowBytes;

    private static void ReadBits(byte* bits, int real, Span<bool> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i < real && (bits[i / 8] >> (i % 8) & 1) != 0;
        }
    }

    private int MaskedLengthOf(long row) => BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(RowAt(row) + _header.IdsBytes, sizeof(int))) is var length
        && length >= 1 && length <= ContextLength
        ? length
        : throw new InvalidInputException($"{_path}: row {row} has {length} tokens; expected 1 to {ContextLength}");

    private void CheckSum(string path, long bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var end = bytes - SHA256.HashSizeInBytes;
        const int chunk = 1 << 24;
        for (long at = TokenRowsHeader.Bytes; at < end; at += chunk)
        {
            hash.AppendData(new ReadOnlySpan<byte>(_data + at, (int)Math.Min(chunk, end - at)));
        }

        hash.AppendData(new ReadOnlySpan<byte>(_data, TokenRowsHeader.Bytes));
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(new ReadOnlySpan<byte>(_data + end, SHA256.HashSizeInBytes)))
        {
            throw new InvalidInputException($"{path}: is damaged: its checksum does not fit its content");
        }
    }
}
