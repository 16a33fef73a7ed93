using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Distil.Trainer.Datasets;

/// <summary>Writes a token-rows file as a stream. The file appears under its name only after <see cref="Complete"/> has written all of it.</summary>
public sealed class TokenRowsWriter : IDisposable
{
    private readonly string _path;
    private readonly int _contextLength;
    private readonly int _idBytes;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly RowsForm _form;
    private readonly byte[] _row;
    private bool _completed;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Path of the file; an existing one is replaced.</param>
    /// <param name="contextLength">Tokens in a row, ≥ 1.</param>
    /// <param name="vocabularySize">All ids are smaller. Up to 65,536, an id takes two bytes.</param>
    /// <param name="form">What a row consists of.</param>
    public TokenRowsWriter(string path, int contextLength, int vocabularySize, RowsForm form = RowsForm.Ids)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        _path = Path.GetFullPath(path);
        _contextLength = contextLength;
        _idBytes = vocabularySize <= 1 << 16 ? 2 : 4;
        _form = form;
        Labels = form == RowsForm.Ids ? null : 0;
        _row = new byte[Header.RowBytes];
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        _file = new FileStream(_path + ".partial", FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        _file.Write(new byte[TokenRowsHeader.Bytes]);
    }

    /// <value>Rows written so far.</value>
    public long Rows { get; private set; }

    /// <value>Tokens written so far.</value>
    public long Tokens { get; private set; }

    /// <value>Tokens written so far that count in the losses; null without masks.</value>
    public long? Labels { get; private set; }

    /// <summary>Appends a row with what the file's form has of it.</summary>
    /// <param name="row">At most contextLength tokens. With masks, the first does not count; with documents, the first of none does, and without a mask all others
    /// do.</param>
    internal void WriteRow(LabelledTokens row)
    {
        if (_form == RowsForm.Ids)
        {
            WriteRow(row.Ids);
            return;
        }

        var starts = _form == RowsForm.Documents ? row.Starts : null;
        var counts = row.Counts ?? [.. (starts ?? []).Select(start => !start)];
        if (counts.Length != row.Ids.Length || row.Ids.Length is 0 || row.Ids.Length > _contextLength || counts[0]
            || (_form == RowsForm.Documents && (starts?.Length != counts.Length || !starts[0] || starts.Zip(counts).Any(token => token is (true, true)))))
        {
            throw new InvalidOperationException($"A row of {row.Ids.Length} tokens, {row.Counts?.Length} in its mask, {row.Starts?.Length} in its starts.");
        }

        SetIds(row.Ids);
        var header = Header;
        var after = _row.AsSpan(header.IdsBytes);
        BinaryPrimitives.WriteInt32LittleEndian(after, row.Ids.Length);
        SetBits(after[sizeof(int)..], counts);
        SetBits(after[(sizeof(int) + header.BitsBytes)..], starts ?? []);
        Labels += counts.Count(each => each);
        Write(row.Ids.Length);
    }

    /// <summary>Appends a row without a mask.</summary>
    /// <param name="ids">contextLength ids; fewer (at least one) only in the last row.</param>
    public void WriteRow(ReadOnlySpan<int> ids)
    {
        if (Labels is not null || Tokens != Rows * _contextLength || ids.IsEmpty || ids.Length > _contextLength)
        {
            throw new InvalidOperationException(
                $"A row of {ids.Length} after {Rows} rows with {Tokens} tokens; only the last row may be short of {_contextLength}.");
        }

        SetIds(ids);
        Write(ids.Length);
    }

    /// <summary>Completes the file and gives it its name.</summary>
    public void Complete()
    {
        var header = new byte[TokenRowsHeader.Bytes];
        Header.Write(header);
        _hash.AppendData(header);
        _file.Write(_hash.GetHashAndReset());
        _file.Position = 0;
        _file.Write(header);
        _file.Dispose();
        File.Move(_file.Name, _path, overwrite: true);
        _completed = true;
    }

    /// <summary>Deletes the file if it has not been completed.</summary>
    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
        if (!_completed)
        {
            File.Delete(_file.Name);
        }
    }

    private void SetIds(ReadOnlySpan<int> ids)
    {
        Array.Clear(_row);
        if (_idBytes == 2)
        {
            var narrow = MemoryMarshal.Cast<byte, ushort>(_row.AsSpan());
            for (var i = 0; i < ids.Length; i++)
            {
                narrow[i] = checked((ushort)ids[i]);
            }
        }
        else
        {
            ids.CopyTo(MemoryMarshal.Cast<byte, int>(_row.AsSpan()));
        }
    }

    private static void SetBits(Span<byte> to, bool[] bits)
    {
        for (var i = 0; i < bits.Length; i++)
        {
            to[i / 8] |= (byte)(bits[i] ? 1 << (i % 8) : 0);
        }
    }

    private void Write(int tokens)
    {
        _file.Write(_row);
        _hash.AppendData(_row);
        Rows++;
        Tokens += tokens;
    }

    private TokenRowsHeader Header => new(_contextLength, _idBytes, Rows, Tokens, _form);
}
