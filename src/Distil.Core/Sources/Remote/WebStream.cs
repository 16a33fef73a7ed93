using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Sources.Remote;

/// <summary>A remote file, read in blocks as they are needed: of a Parquet file, the footer and one column.</summary>
/// <remarks>Every block must belong to the version that was found; an interrupted transfer is resumed. Synchronous reads block, because a job has nothing
/// else to do.</remarks>
internal sealed class WebStream(
    SourceFile file, HttpBodies bodies, Func<RangeHeaderValue, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken stop) : Stream
{
    private const int BlockBytes = 4 << 20;

    private readonly byte[] _block = new byte[(int)Math.Min(BlockBytes, Math.Max(file.Bytes, 1))];
    private long _start;
    private int _filled;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => file.Bytes;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty)
        {
            return 0;
        }

        if (Position < _start || Position >= _start + _filled)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, cancellationToken);
            await FillAsync(Position, either.Token);
        }

        var at = (int)(Position - _start);
        var count = Math.Min(buffer.Length, _filled - at);
        _block.AsMemory(at, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task FillAsync(long from, CancellationToken cancel)
    {
        (_start, _filled) = (from, 0);
        var wanted = (int)Math.Min(_block.Length, Length - from);
        await bodies.UntilWholeAsync(WebUrl.WithoutQuery(file.Path), () => _start + _filled, () => GoOnAsync(wanted, cancel), cancel);
    }

    private async Task<bool> GoOnAsync(int wanted, CancellationToken cancel)
    {
        var from = _start + _filled;
        using var response = await send(new RangeHeaderValue(from, _start + wanted - 1), cancel);
        WebFiles.RequireSuccess(file.Path, response, FieldPath.Named("a source"));
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange is not { } range
            || range.Length != file.Bytes || WebVersion.Of(response) != file.ETag)
        {
            throw new InvalidInputException(
                $"{WebUrl.WithoutQuery(file.Path)}: has changed since the run was planned (its version was {file.ETag}, {file.Bytes} bytes); "
                + "expected it to stay the same, or a new run");
        }

        if (range.From != from)
        {
            return false;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        while (_filled < wanted && await bodies.ReadAsync(body, _block.AsMemory(_filled, wanted - _filled), cancel) is > 0 and var read)
        {
            _filled += read;
        }

        return _filled == wanted;
    }
}
