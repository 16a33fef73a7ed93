using System.IO.Compression;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>The bytes of a text file from the start of a range, decompressed if its name has a compressed format's extension.</summary>
/// <remarks>The beginning of a file is examined before any of it is returned, see <see cref="FileContent"/>.</remarks>
internal sealed class StoredText : IDisposable
{
    /// <summary>The largest window that Zstandard allows, 2 GiB (zstd --long=31); its memory is used only as far as the text goes.</summary>
    private const int MaxWindowLog = 31;

    private readonly SourceRange _range;
    private readonly DatasetFormat? _format;
    private readonly Stream _stored;
    private readonly Stream _text;
    private readonly GzipInput? _gzip;
    private byte[]? _head;
    private int _headRead;

    /// <param name="stored">The file, as stored; disposed with this.</param>
    /// <param name="range">The range to read.</param>
    /// <param name="format">The format in which it is read; null if the content is not to be examined.</param>
    /// <exception cref="InvalidInputException">The first bytes contradict the name.</exception>
    internal StoredText(Stream stored, SourceRange range, DatasetFormat? format = null)
    {
        (_stored, _range, _format) = (stored, range, format);
        var compression = SourceName.CompressionOf(range.Path);
        (Offset, End) = compression == Compression.None ? (range.Start, range.End) : (0, long.MaxValue);
        if (Offset > 0)
        {
            stored.Position = Offset;
        }
        else if (format is { } read)
        {
            RequireStored(read);
        }

        _gzip = compression == Compression.Gzip ? new GzipInput(stored) : null;
        _text = compression switch
        {
            Compression.Gzip => new GZipStream(_gzip!, CompressionMode.Decompress),
            Compression.Zstd => OpenZstd(stored),
            _ => stored,
        };
    }

    /// <value>Offset of the first byte, in the uncompressed file.</value>
    internal long Offset { get; }

    /// <value>Offset, in the uncompressed file, at which the range ends: what begins there or later does not belong to it.</value>
    internal long End { get; }

    /// <value>Bytes read so far, as stored.</value>
    internal long BytesRead => _stored.Position - _range.Start;

    /// <summary>The first bytes of the text, at most <see cref="FileContent.HeadBytes"/>; they are returned by <see cref="Read"/> too.</summary>
    /// <exception cref="InvalidInputException">The file is compressed and damaged.</exception>
    internal ReadOnlySpan<byte> Head()
    {
        if (_head is null)
        {
            var head = new byte[FileContent.HeadBytes];
            var filled = 0;
            while (filled < head.Length && ReadText(head, filled, head.Length - filled) is > 0 and var read)
            {
                filled += read;
            }

            _head = head[..filled];
        }

        return _head;
    }

    /// <summary>As <see cref="Stream.Read(byte[], int, int)"/>.</summary>
    /// <exception cref="InvalidInputException">The file is compressed and damaged, or its content contradicts its format.</exception>
    internal int Read(byte[] buffer, int offset, int count)
    {
        if (_head is null && _format is { } format && Offset == 0)
        {
            FileContent.RequireText(_range.Name, Head(), format);
        }

        if (_head is { } head && _headRead < head.Length)
        {
            var taken = Math.Min(count, head.Length - _headRead);
            head.AsSpan(_headRead, taken).CopyTo(buffer.AsSpan(offset));
            _headRead += taken;
            return taken;
        }

        return ReadText(buffer, offset, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _text.Dispose();
        _stored.Dispose();
    }

    private void RequireStored(DatasetFormat format)
    {
        try
        {
            var first = new byte[FileContent.SignatureBytes];
            FileContent.RequireStored(_range.Name, first.AsSpan(0, _stored.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)), format);
            _stored.Position = 0;
        }
        catch
        {
            _stored.Dispose();
            throw;
        }
    }

    private static DecompressionStream OpenZstd(Stream stored)
    {
        var text = new DecompressionStream(stored);
        text.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
        return text;
    }

    private int ReadText(byte[] buffer, int offset, int count)
    {
        try
        {
            var read = _text.Read(buffer, offset, count);
            return read > 0 || count == 0 || _gzip is null || _gzip.IsAtEnd() ? read
                : throw new InvalidInputException($"{_range.Name}: has bytes after its gzip data that are no gzip data; expected nothing else, or zeros");
        }
        catch (InvalidDataException e) // its message is about zip archives
        {
            throw new InvalidInputException($"{_range.Name}: is damaged or cut short: its gzip data do not fit together, or not to their checksum", e);
        }
        catch (ZstdException e) when (e.Message.Contains("Dictionary", StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{_range.Name}: was compressed with a dictionary (zstd -D), which is not read; expected one without", e);
        }
        catch (Exception e) when (e is ZstdException or EndOfStreamException)
        {
            throw new InvalidInputException($"{_range.Name}: is damaged or cut short: {e.Message}", e);
        }
    }
}
