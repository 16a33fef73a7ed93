using System.Text.Json;

namespace Distil.Core.Api;

/// <summary>What an operation answers. A host copies it to its own kind of response.</summary>
public sealed record ApiResponse : IAsyncDisposable
{
    /// <summary>Media type of documents.</summary>
    public const string JsonType = "application/json";

    /// <value>HTTP status code.</value>
    public required int Status { get; init; }

    /// <value>Headers beside <see cref="ContentType"/> and the content's length.</value>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <value>The content's media type; null where there is no content.</value>
    public string? ContentType { get; init; }

    /// <value>The content; null where there is none.</value>
    public Stream? Content { get; init; }

    /// <value>The content's length in bytes.</value>
    public long Bytes { get; init; }

    /// <summary>Closes the content.</summary>
    public ValueTask DisposeAsync() => Content?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A document.</summary>
    public static ApiResponse Json<T>(T document, int status = 200, params (string Name, string Value)[] headers) =>
        Of(JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Options), JsonType, status, headers);

    /// <summary>An error, as RFC 9457 has it.</summary>
    public static ApiResponse Problem(ApiProblem problem) =>
        Of(JsonSerializer.SerializeToUtf8Bytes(problem, DistilJson.Options), ApiProblem.ContentType, problem.Status);

    /// <summary>Content that is at hand.</summary>
    public static ApiResponse Of(byte[] content, string contentType, int status = 200, params (string Name, string Value)[] headers) => new()
    {
        Status = status,
        ContentType = contentType,
        Content = new MemoryStream(content, writable: false),
        Bytes = content.Length,
        Headers = headers.ToDictionary(header => header.Name, header => header.Value),
    };
}
