using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Win32.SafeHandles;

namespace Distil.Core.Artifacts;

/// <summary>Uploads a file while it is written. What is there goes up as blocks beside the work; the blob appears at the end, whole, or not at all.</summary>
/// <remarks>
/// Blocks are read back from the file: storage slower than the work leaves the rest for the end and holds nobody up, and memory stays at a few blocks.
/// Storage forgets blocks that nobody commits after a week. Disposed before its end it leaves the blob as it was.
/// </remarks>
public sealed class StreamingUpload : IAsyncDisposable
{
    /// <summary>Bytes of a block: Azure takes 50,000 of them to a blob.</summary>
    internal const int BlockBytes = 8 << 20;

    private const int AtOnce = 4;

    // As long as the ids that the client's own uploads use: all of a blob's ids must have one length, those of an upload cut short too.
    private const int IdBytes = 48;

    private readonly string _blob;
    private readonly BlockBlobClient _client;
    private readonly SafeFileHandle _file;
    private readonly Channel<long> _grown = Channel.CreateBounded<long>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly CancellationTokenSource _stop;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _id = new byte[IdBytes];
    private readonly List<string> _blocks = [];
    private readonly Task _work;
    private long _length;

    internal StreamingUpload(string blob, BlockBlobClient client, string path, CancellationToken cancel)
    {
        (_blob, _client) = (blob, client);
        _file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Guid.NewGuid().TryWriteBytes(_id.AsSpan(sizeof(long))); // another upload of this blob, now or before, has other blocks
        _work = Task.Run(() => Parallel.ForEachAsync(BlocksAsync(_stop.Token), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _stop.Token }, StageAsync));
    }

    /// <summary>Says how much of the file will not change any more.</summary>
    /// <param name="length">Bytes from its beginning that are written.</param>
    /// <exception cref="Azure.RequestFailedException">The upload has failed.</exception>
    public void Grown(long length)
    {
        if (_work.IsFaulted)
        {
            _work.GetAwaiter().GetResult();
        }
        _length = length;
        _grown.Writer.TryWrite(length);
    }

    /// <summary>Uploads what is left and lets the blob appear, over an older one.</summary>
    /// <param name="length">Bytes of the whole file.</param>
    /// <returns>Name, size and checksum, for the manifest that makes it count.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage does not take it; the blob is as it was.</exception>
    public async Task<ArtifactFile> CompleteAsync(long length)
    {
        Grown(length);
        _grown.Writer.TryComplete();
        await _work;
        await _client.CommitBlockListAsync(_blocks, cancellationToken: _stop.Token);
        return new ArtifactFile(_blob, length, Convert.ToHexStringLower(_hash.GetCurrentHash()));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // whoever wanted the blob has seen the error, or has one of their own
        _file.Dispose();
        _hash.Dispose();
        _stop.Dispose();
    }

    /// <summary>The file's blocks in their order, each when it is written; the last may be short.</summary>
    private async IAsyncEnumerable<Block> BlocksAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var offset = 0L;
        await foreach (var length in _grown.Reader.ReadAllAsync(cancel))
        {
            for (; length - offset >= BlockBytes; offset += BlockBytes)
            {
                yield return Read(offset, BlockBytes);
            }
        }

        if (_length > offset)
        {
            yield return Read(offset, (int)(_length - offset));
        }
    }

    private Block Read(long offset, int length)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        for (var read = 0; read < length;)
        {
            var more = RandomAccess.Read(_file, bytes.AsSpan(read, length - read), offset + read);
            read += more > 0 ? more : throw new EndOfStreamException($"{_blob}: its file ends at {offset + read} bytes; {_length} were said to be written");
        }

        _hash.AppendData(bytes, 0, length);
        BitConverter.TryWriteBytes(_id, offset);
        _blocks.Add(Convert.ToBase64String(_id));
        return new(_blocks[^1], bytes, length);
    }

    private async ValueTask StageAsync(Block block, CancellationToken cancel)
    {
        using var content = new MemoryStream(block.Bytes, 0, block.Length, writable: false);
        await _client.StageBlockAsync(block.Id, content, cancellationToken: cancel);
        ArrayPool<byte>.Shared.Return(block.Bytes); // not where it failed: a request may still be reading
    }

    private sealed record Block(string Id, byte[] Bytes, int Length);
}
