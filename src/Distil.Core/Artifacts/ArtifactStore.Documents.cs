using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts;

/// <content>Small documents: JSON and text.</content>
public sealed partial class ArtifactStore
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="ArtifactException">It is missing, or is not a <typeparamref name="T"/>.</exception>
    public async Task<T> ReadJsonAsync<T>(string blob, CancellationToken cancel = default)
        where T : class => await TryReadJsonAsync<T>(blob, cancel) ?? throw ArtifactException.Missing(blob);

    /// <summary>Reads a document; null if it is missing.</summary>
    /// <exception cref="ArtifactException">It is not a <typeparamref name="T"/>.</exception>
    /// <exception cref="Errors.InvalidInputException">It is of another version.</exception>
    public async Task<T?> TryReadJsonAsync<T>(string blob, CancellationToken cancel = default)
        where T : class
    {
        try
        {
            var content = await SoonAsync(blob, soon => _container.GetBlobClient(blob).DownloadContentAsync(soon), cancel);
            return DocumentVersion.Read<T>(blob, content.Value.Content.ToMemory().Span);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
        catch (JsonException wrong)
        {
            throw ArtifactException.Unreadable(blob, wrong);
        }
    }

    /// <summary>Reads a text blob; null if it is missing.</summary>
    public async Task<string?> TryReadTextAsync(string blob, CancellationToken cancel = default)
    {
        try
        {
            return (await SoonAsync(blob, soon => _container.GetBlobClient(blob).DownloadContentAsync(soon), cancel)).Value.Content.ToString();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a document; an older one is replaced.</summary>
    public Task WriteJsonAsync<T>(string blob, T document, CancellationToken cancel = default) =>
        WriteAsync(blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented), "application/json", conditions: null, cancel);

    /// <summary>Writes a text blob; an older one is replaced.</summary>
    public Task WriteTextAsync(string blob, string text, string contentType = "text/plain; charset=utf-8", CancellationToken cancel = default) =>
        WriteAsync(blob, Encoding.UTF8.GetBytes(text), contentType, conditions: null, cancel);

    private Task WriteAsync(string blob, byte[] content, string contentType, BlobRequestConditions? conditions, CancellationToken cancel) =>
        SoonAsync(
            blob,
            soon => _container.GetBlobClient(blob).UploadAsync(
                new BinaryData(content),
                new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType }, Conditions = conditions },
                soon),
            cancel);
}
