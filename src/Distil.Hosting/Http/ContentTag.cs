using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Distil.Hosting.Http;

/// <summary>Entity tags of contents that have no version of their own.</summary>
internal static class ContentTag
{
    /// <summary>The first 128 bits of the content's SHA-256, in hexadecimal.</summary>
    internal static EntityTagHeaderValue Of(byte[] content) => new($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"");
}
