using System.Security.Cryptography;
using System.Text;

namespace Distil.Core.Api.Requests;

/// <summary>The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header): a client's own name for one submission.</summary>
/// <remarks>The draft has it as a quoted string; many clients send it bare, which counts as the same.</remarks>
/// <param name="Hash">SHA-256 of the key, hexadecimal: what a client says never names a blob.</param>
internal sealed record IdempotencyKey(string Hash)
{
    private const int LongestKey = 255;

    /// <summary>Reads the header; null where it is missing.</summary>
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

/// <summary>Which run a key made (<c>idempotency/{hash}.json</c>). Written once, before the run is.</summary>
/// <param name="RunId">The run.</param>
/// <param name="BodySha256">SHA-256 of the body that came with the key, hexadecimal.</param>
internal sealed record IdempotencyRecord(string RunId, string BodySha256);
