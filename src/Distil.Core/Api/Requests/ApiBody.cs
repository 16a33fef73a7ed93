using System.Buffers;
using System.Net.Http.Headers;
using System.Text;

namespace Distil.Core.Api.Requests;

/// <summary>A request's body, not yet read.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">The header <c>Content-Type</c>; null where it is missing.</param>
public sealed record ApiBody(Stream Content, string? ContentType)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a JSON text, never more than its limit.</summary>
    /// <exception cref="ApiProblemException">415: not JSON by its type. 413: too long. 400: not UTF-8.</exception>
    internal async Task<string> ReadJsonAsync(int maxBytes, CancellationToken cancel)
    {
        RequireJson();
        var buffer = ArrayPool<byte>.Shared.Rent(maxBytes + 1);
        try
        {
            var length = await Content.ReadAtLeastAsync(buffer.AsMemory(0, maxBytes + 1), maxBytes + 1, throwOnEndOfStream: false, cancel);
            return length <= maxBytes ? Utf8.GetString(buffer, 0, length) : throw TooLong(maxBytes);
        }
        catch (DecoderFallbackException wrong)
        {
            throw new ApiProblemException(400, $"the body is not UTF-8: {wrong.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The answer to a body beyond the limit.</summary>
    internal static ApiProblemException TooLong(int maxBytes) => new(413, $"the body is longer than {maxBytes} bytes, the most that is read");

    private void RequireJson()
    {
        var known = MediaTypeHeaderValue.TryParse(ContentType, out var type);
        var charset = type?.CharSet?.Trim('"');
        if (!known || !string.Equals(type!.MediaType, ApiResponse.JsonType, StringComparison.OrdinalIgnoreCase)
            || (charset is not null && !string.Equals(charset, "utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ApiProblemException(415, $"Content-Type is {ContentType ?? "missing"}; expected {ApiResponse.JsonType} in UTF-8");
        }
    }
}
