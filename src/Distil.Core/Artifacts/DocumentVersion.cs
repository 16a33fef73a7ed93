using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Artifacts;

/// <summary>Which form stored documents and journals have: one number for all, so that those of a run fit each other.</summary>
public static class DocumentVersion
{
    /// <summary>The version that this program writes, and the only one that it reads.</summary>
    public const int Current = 1;

    /// <summary>Reads a document. One of another version is told as that, not as a field that is not known.</summary>
    /// <param name="name">For messages: the document's blob or file.</param>
    /// <param name="json">Its bytes.</param>
    /// <exception cref="InvalidInputException">It is an <see cref="IVersionedDocument"/> of another version.</exception>
    /// <exception cref="JsonException">It is not a <typeparamref name="T"/>.</exception>
    public static T? Read<T>(string name, ReadOnlySpan<byte> json)
    {
        if (typeof(T).IsAssignableTo(typeof(IVersionedDocument)) && Find(json) is { } version && version != Current)
        {
            throw Refuse(name, Describe(version));
        }

        return JsonSerializer.Deserialize<T>(json, DistilJson.Options);
    }

    /// <summary>The error of a document or journal that another version wrote.</summary>
    /// <param name="name">Its blob or file.</param>
    /// <param name="what">What says so.</param>
    public static InvalidInputException Refuse(string name, string what) => new($"{name}: {what}: another version of distil wrote it; use that one, or a new run");

    /// <summary>What a version says that is not <see cref="Current"/>.</summary>
    public static string Describe(long version) => $"version is {version}, expected {Current}";

    /// <summary>The number in a JSON object's <c>version</c>; null where it has none.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static long? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        for (reader.Read(); reader.Read() && reader.TokenType == JsonTokenType.PropertyName; reader.Skip())
        {
            var found = reader.ValueTextEquals("version"u8);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var version) ? version : null;
            }
        }

        return null;
    }
}

/// <summary>A document that says which version of its form it has.</summary>
public interface IVersionedDocument
{
    /// <value><see cref="DocumentVersion.Current"/>, as this program reads no other.</value>
    int Version { get; }
}
