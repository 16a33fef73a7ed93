using System.Buffers;
using System.Net.Mime;
using System.Text;
using Distil.Core.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Distil.Hosting.Http;

/// <summary>Reads a request's body as JSON text.</summary>
internal static class JsonBody
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the text; never more than its limit.</summary>
    /// <exception cref="ApiProblemException">415: the media type is not JSON in UTF-8. 413: the body is too long. 400: it is not UTF-8.</exception>
    internal static async Task<string> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancel)
    {
        RequireJson(request.ContentType);
        var buffer = ArrayPool<byte>.Shared.Rent(maxBytes + 1);
        try
        {
            var length = await request.Body.ReadAtLeastAsync(buffer.AsMemory(0, maxBytes + 1), maxBytes + 1, throwOnEndOfStream: false, cancel);
            return length <= maxBytes
                ? Utf8.GetString(buffer, 0, length)
                : throw new ApiProblemException(StatusCodes.Status413PayloadTooLarge, $"the body is longer than {maxBytes} bytes, the most that is read");
        }
        catch (DecoderFallbackException wrong)
        {
            throw new ApiProblemException(StatusCodes.Status400BadRequest, $"the body is not UTF-8: {wrong.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What to say if the media type is not JSON.</summary>
    internal static string NotJson(string? contentType) => $"Content-Type is {contentType ?? "missing"}; expected {MediaTypeNames.Application.Json} in UTF-8";

    private static void RequireJson(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)
            || !type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ApiProblemException(StatusCodes.Status415UnsupportedMediaType, NotJson(contentType));
        }
    }
}
