using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core;

/// <summary>Names an artifact by the hash of everything that determines it, so that equal determinants find the stored artifact again.</summary>
/// <remarks>
/// The determinants are JSON with the names, order and values that the caller spells out. Neither a C# type's members nor
/// <see cref="DistilJson"/> take part: renaming a property must not rename a stored dataset. A null is left out.
/// </remarks>
public static class ContentAddress
{
    private static readonly JsonWriterOptions Canonical = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The first 128 bits of the determinants' SHA-256: 32 hexadecimal digits.</summary>
    public static string Of(JsonNode determinants) => HashOf(determinants)[..32];

    /// <summary>The determinants' SHA-256: 64 hexadecimal digits.</summary>
    public static string HashOf(JsonNode determinants)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Canonical))
        {
            determinants.WriteTo(writer);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    /// <summary>An object among the determinants.</summary>
    public static JsonObject Object(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var json = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (value is not null)
            {
                json.Add(name, value);
            }
        }

        return json;
    }

    /// <summary>A list among the determinants.</summary>
    public static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode> value) => new([.. items.Select(value)]);
}
