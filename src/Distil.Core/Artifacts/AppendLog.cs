using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Distil.Core.Artifacts;

/// <summary>A log in an append blob with one writer: each append states its expected offset, so a second writer is detected.</summary>
/// <remarks>Read the log before the first append. One thread may use it at a time.</remarks>
public sealed class AppendLog
{
    private readonly AppendBlobClient _client;
    private long _length;
    private bool _exists;

    internal AppendLog(string blob, AppendBlobClient client) => (Blob, _client) = (blob, client);

    /// <value>The blob's name.</value>
    public string Blob { get; }

    /// <summary>Reads the whole log; empty if the blob is missing.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken cancel = default)
    {
        try
        {
            var content = (await _client.DownloadContentAsync(cancel)).Value.Content.ToArray();
            (_length, _exists) = (content.Length, true);
            return content;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            (_length, _exists) = (0, false);
            return [];
        }
    }

    /// <summary>Appends a block and returns when it is stored. A retry after a lost response stores it only once.</summary>
    /// <param name="block">1 byte to 4 MiB.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="ArtifactException">Another writer has appended to the log or deleted it.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> block, CancellationToken cancel = default)
    {
        try
        {
            if (!_exists)
            {
                await _client.CreateIfNotExistsAsync(Headers(), cancellationToken: cancel);
                _exists = true;
            }

            var conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = _length };
            await _client.AppendBlockAsync(
                new MemoryStream(block.ToArray()), new AppendBlobAppendBlockOptions { Conditions = conditions }, cancel);
        }
        catch (RequestFailedException moved) when (moved.Status == 412)
        {
            // An earlier attempt of this call may have been stored without a response.
            var content = (await _client.DownloadContentAsync(cancel)).Value.Content.ToMemory();
            if (content.Length < _length || !content[(int)_length..].Span.SequenceEqual(block.Span))
            {
                throw ArtifactException.WrittenByAnother(Blob, _length, moved);
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw ArtifactException.Missing(Blob, missing);
        }

        _length += block.Length;
    }

    /// <summary>Replaces the whole content. Not atomic: a reader, or this program after a restart, may find less.</summary>
    public async Task ReplaceAsync(ReadOnlyMemory<byte> content, CancellationToken cancel = default)
    {
        await _client.CreateAsync(new AppendBlobCreateOptions { HttpHeaders = Headers() }, cancel);
        (_length, _exists) = (0, true);
        if (!content.IsEmpty)
        {
            await AppendAsync(content, cancel);
        }
    }

    private static BlobHttpHeaders Headers() => new() { ContentType = "application/jsonl" };
}
