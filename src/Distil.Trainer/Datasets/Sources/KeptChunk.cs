namespace Distil.Trainer.Datasets.Sources;

/// <summary>A remote file, one part of which is in memory: what is examined before it is read is then fetched once.</summary>
/// <param name="file">The file, which is closed with this stream.</param>
internal sealed class KeptChunk(Stream file) : Stream
{
    private byte[] _chunk = [];
    private long _from;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position { get; set; }

    /// <summary>Fetches a part of the file, in the place of the one before.</summary>
    /// <param name="from">Its first byte.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <exception cref="InvalidDataException">It is not in the file, or longer than 2 GiB.</exception>
    internal void Keep(long from, long length)
    {
        if (from < 0 || length < 0 || length > Array.MaxLength || from > file.Length - length)
        {
            throw new InvalidDataException($"its pages begin at byte {from} and have {length} bytes; the file has {file.Length}");
        }

        (_chunk, _from) = ([], 0); // not two in memory at once
        var chunk = new byte[length];
        file.Position = from;
        file.ReadExactly(chunk);
        (_chunk, _from) = (chunk, from);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (Kept(buffer.Length) is { Length: > 0 } kept)
        {
            kept.Span.CopyTo(buffer);
            return Moved(kept.Length);
        }

        file.Position = Position;
        return Moved(file.Read(buffer));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Kept(buffer.Length) is { Length: > 0 } kept)
        {
            kept.CopyTo(buffer);
            return Moved(kept.Length);
        }

        file.Position = Position;
        return Moved(await file.ReadAsync(buffer, cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>What is in memory at the position, at most <paramref name="count"/> bytes.</summary>
    private ReadOnlyMemory<byte> Kept(int count)
    {
        var at = Position - _from;
        return at >= 0 && at < _chunk.Length ? _chunk.AsMemory((int)at, (int)Math.Min(count, _chunk.Length - at)) : default;
    }

    private int Moved(int count)
    {
        Position += count;
        return count;
    }
}
