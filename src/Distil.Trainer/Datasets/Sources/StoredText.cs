using System.IO.Compression;
using Distil.Core.Errors;
using Distil.Core.Sources;
using ZstdSharp;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>The bytes of a text file from the start of a range, decompressed if its name has a compressed format's extension.</summary>
internal sealed class StoredText : IDisposable
{
    private readonly SourceRange _range;
    private readonly Stream _stored;
    private readonly Stream _text;
    private bool _looked;

    internal StoredText(Stream stored, SourceRange range)
    {
        (_stored, _range) = (stored, range);
        var compression = SourceName.CompressionOf(range.Path);
        (Offset, End) = compression == Compression.None ? (range.Start, range.End) : (0, long.MaxValue);
        if (Offset > 0)
        {
            stored.Position = Offset;
        }

        _text = compression switch
        {
            Compression.Gzip => new GZipStream(stored, CompressionMode.Decompress),
            Compression.Zstd => new DecompressionStream(stored),
            _ => stored,
        };
    }

    /// <value>Offset of the first byte, in the uncompressed file.</value>
    internal long Offset { get; }

    /// <value>Offset, in the uncompressed file, at which the range ends: what begins there or later does not belong to it.</value>
    internal long End { get; }

    /// <value>Bytes read so far, as stored.</value>
    internal long BytesRead => _stored.Position - _range.Start;

    /// <summary>As <see cref="Stream.Read(byte[], int, int)"/>.</summary>
    /// <exception cref="InvalidInputException">The file is compressed and damaged, or it is compressed and its name does not show it.</exception>
    internal int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            var read = _text.Read(buffer, offset, count);
            RejectPacked(buffer.AsSpan(offset, read));
            return read;
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
        {
            throw new InvalidInputException($"{_range.Name}: is damaged or cut short: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _text.Dispose();
        _stored.Dispose();
    }

    private void RejectPacked(ReadOnlySpan<byte> first)
    {
        if (!_looked && Offset == 0)
        {
            var extension = first.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])
                ? ".gz"
                : first.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? ".zst" : null;
            if (extension is not null)
            {
                throw new InvalidInputException($"{_range.Name}: is compressed by its first bytes; expected a name that ends with {extension}");
            }
        }

        _looked = true;
    }
}
