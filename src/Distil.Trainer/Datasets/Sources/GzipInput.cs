namespace Distil.Trainer.Datasets.Sources;

/// <summary>A gzip file as <see cref="System.IO.Compression.GZipStream"/> reads it, which passes over everything behind a member that does not begin another
/// one: the rest of a file whose later member is damaged at its beginning.</summary>
/// <remarks>The decompressor does not say how much it has taken. The last bytes of the file are therefore given to it one by one: it takes none too many.</remarks>
/// <param name="stored">The file, as stored, at the beginning.</param>
internal sealed class GzipInput(Stream stored) : Stream
{
    private const int BufferBytes = 1 << 13;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _at, _filled;
    private bool _isTaken; // all of it, by a decompressor that then asked for more

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    private long Left => stored.Length - stored.Position + _filled - _at;

    /// <summary>Whether only zeros are left, as tar and tapes fill files up, after the decompressor has come to its end.</summary>
    public bool IsAtEnd()
    {
        _at -= !_isTaken && _at > 0 ? 1 : 0; // the byte by which it saw that no other member follows
        do
        {
            if (_buffer.AsSpan(_at, _filled - _at).ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }
        while (Fill());
        return true;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_at == _filled && !Fill())
        {
            _isTaken = true;
            return 0;
        }

        var count = Math.Min(buffer.Length, Left <= BufferBytes ? 1 : Math.Min(_filled - _at, (int)Math.Min(Left - BufferBytes, BufferBytes)));
        _buffer.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private bool Fill()
    {
        (_at, _filled) = (0, stored.Read(_buffer));
        return _filled > 0;
    }
}
