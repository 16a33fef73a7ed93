using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Distil.Cli.Serving.Guards;

/// <summary>A secret that requests must know, compared in a time that tells nothing of it, not even its length.</summary>
internal sealed class SecretComparison(string secret)
{
    private readonly byte[] _expected = Digest(secret);

    /// <summary>Whether a text is the secret.</summary>
    internal bool Fits(string? text) => text is not null && CryptographicOperations.FixedTimeEquals(Digest(text), _expected);

    /// <summary>The secret in a header <c>Authorization</c>: the value of <c>Bearer</c>, or the password of <c>Basic</c>; null if it has none.</summary>
    internal static string? In(string? authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out var header) || header.Parameter is null)
        {
            return null;
        }

        if (string.Equals(header.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return header.Parameter;
        }

        var credentials = new byte[header.Parameter.Length];
        return string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header.Parameter, credentials, out var length)
            && Encoding.UTF8.GetString(credentials, 0, length) is var text && text.IndexOf(':') is >= 0 and var colon
                ? text[(colon + 1)..]
                : null;
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
