using System.Net;

namespace Distil.Core.Hub;

/// <summary>A part of a file as the body of a request. The file is opened when the body is sent, again for each try.</summary>
internal sealed class FilePart : HttpContent
{
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly long _from, _length;

    internal FilePart(string path, long from, long length)
    {
        (_path, _from, _length) = (path, from, length);
        Headers.ContentLength = length; // storages with signed URLs refuse chunked bodies
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        file.Position = _from;
        var buffer = new byte[Math.Min(BufferBytes, Math.Max(1, _length))];
        for (var left = _length; left > 0;)
        {
            var piece = buffer.AsMemory(0, (int)Math.Min(buffer.Length, left));
            await file.ReadExactlyAsync(piece, cancellationToken);
            await stream.WriteAsync(piece, cancellationToken);
            left -= piece.Length;
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
