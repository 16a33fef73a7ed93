using System.Security.Cryptography;
using System.Text.Json;

namespace Distil.Core;

/// <summary>Names a thing by the hash of all that determines it.</summary>
internal static class ContentAddress
{
    /// <summary>The first 128 bits of the SHA-256 of a JSON document, in hexadecimal.</summary>
    public static string Of<T>(T determinants) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(determinants, DistilJson.Options)))[..32];
}
