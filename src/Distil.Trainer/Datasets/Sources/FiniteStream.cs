namespace Distil.Trainer.Datasets.Sources;

/// <summary>A file that can be read a few times in all, and whose end is an error after some attempts to read on.</summary>
/// <remarks>
/// Parquet.Net 6.1 takes the end of a file for bytes of 255, and goes back to a page whose stated length is negative: it would read a damaged page forever.
/// </remarks>
/// <param name="file">The file. It stays open when this stream is closed.</param>
internal sealed class FiniteStream(Stream file) : Stream
{
    // Each page is read once; its header and the file's footer somewhat more often.
    private const int Times = 4, SmallFile = 1 << 16, AttemptsAtEnd = 64;

    private long _left = (Times * file.Length) + SmallFile;
    private int _attempts = AttemptsAtEnd;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => Count(file.Read(buffer), buffer.Length);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await file.ReadAsync(buffer, cancellationToken), buffer.Length);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Count(int read, int wanted)
    {
        _left -= read;
        if (_left < 0)
        {
            throw new InvalidDataException("its pages do not end: one states a length that leads back to itself");
        }

        return read > 0 || wanted == 0 || --_attempts > 0 ? read : throw new EndOfStreamException("a page goes on behind the file's end");
    }
}
