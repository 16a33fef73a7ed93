using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Win32.SafeHandles;

namespace Distil.Core.Artifacts;

/// <summary>Uploads a file while it is being written. Completed parts are uploaded as blocks in parallel; the blob appears at the end, complete or not at
/// all.</summary>
/// <remarks>
/// Blocks are read back from the file: storage that is slower than the writer delays only the end, and memory use is limited to a few blocks. Storage deletes
/// blocks that are not committed within a week. If the upload is disposed before its end, the blob remains unchanged.
/// </remarks>
public sealed class StreamingUpload : IAsyncDisposable
{
    /// <summary>Bytes of a block; Azure allows 50,000 blocks in a blob.</summary>
    internal const int BlockBytes = 8 << 20;

    private const int AtOnce = 4;

    // As long as the ids of the client's own uploads: all ids of a blob must have the same length, including those of an interrupted upload.
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
        Guid.NewGuid().TryWriteBytes(_id.AsSpan(sizeof(long))); // another upload of this blob, now or before, has different block ids
        _work = Task.Run(() => Parallel.ForEachAsync(
            BlocksAsync(_stop.Token), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _stop.Token }, StageAsync));
    }

    /// <summary>Reports how much of the file is final.</summary>
    /// <param name="length">Bytes from the beginning that no longer change.</param>
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

    /// <summary>Uploads the rest and commits the blob; an older one is replaced.</summary>
    /// <param name="length">Length of the whole file in bytes.</param>
    /// <returns>Name, size and checksum, for the manifest that makes the blob count.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage refuses it; the blob is unchanged.</exception>
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
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the caller has already seen the error, or has an error of its own
        _file.Dispose();
        _hash.Dispose();
        _stop.Dispose();
    }

    /// <summary>Returns the file's blocks in order, each as soon as it is written; the last may be short.</summary>
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
        ArrayPool<byte>.Shared.Return(block.Bytes); // not after a failure: a request may still be reading
    }

    private sealed record Block(string Id, byte[] Bytes, int Length);
}
