using System.Security.Cryptography;
using System.Text;

namespace Distil.Core.Api.Requests;

/// <summary>The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header): a client's own name for one submission.</summary>
/// <remarks>In the draft it is a quoted string; many clients send it bare, which counts as the same key.</remarks>
/// <param name="Hash">SHA-256 of the key, in hexadecimal: a client's text never names a blob.</param>
internal sealed record IdempotencyKey(string Hash)
{
    private const int LongestKey = 255;

    /// <summary>Reads the header; null if it is missing.</summary>
    /// <exception cref="ApiProblemException">400: it is empty, too long or not printable ASCII.</exception>
    public static IdempotencyKey? Parse(string? header)
    {
        if (header is null)
        {
            return null;
        }

        var key = header is ['"', .. var inner, '"'] ? inner : header;
        return key.Length is 0 or > LongestKey || key.Any(character => character is < ' ' or > '~')
            ? throw new ApiProblemException(400, $"Idempotency-Key has {key.Length} characters; expected 1 to {LongestKey} of printable ASCII")
            : new IdempotencyKey(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key))));
    }
}

/// <summary>The run that a key created (<c>idempotency/{hash}.json</c>). It is written once, before the run's documents.</summary>
/// <param name="RunId">The run.</param>
/// <param name="BodySha256">SHA-256 of the body that was sent with the key, in hexadecimal.</param>
internal sealed record IdempotencyRecord(string RunId, string BodySha256);
