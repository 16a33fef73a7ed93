using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Artifacts;

/// <summary>The format versions of stored documents and journals.</summary>
public static class DocumentVersion
{
    /// <summary>The version of artifacts, plans and checkpoints that this program writes, and the only one that it reads.</summary>
    public const int Current = 1;

    /// <summary>The version of what the steps of a run exchange: journals, pipeline inputs and job requests.</summary>
    public const int Pipeline = 3;

    /// <summary>Reads a document. If it has another version, the error says so instead of naming an unknown field.</summary>
    /// <param name="name">The document's blob or file, for messages.</param>
    /// <param name="json">Its bytes.</param>
    /// <exception cref="InvalidInputException">It is an <see cref="IVersionedDocument"/> of another version.</exception>
    /// <exception cref="JsonException">It is not a <typeparamref name="T"/>.</exception>
    public static T? Read<T>(string name, ReadOnlySpan<byte> json)
    {
        if (typeof(T).IsAssignableTo(typeof(IPipelineDocument)))
        {
            Require(name, Pipeline, Find(json) ?? 1); // the first had no number
        }
        else if (typeof(T).IsAssignableTo(typeof(IVersionedDocument)))
        {
            Require(name, Current, Find(json) ?? Current);
        }

        try
        {
            return JsonSerializer.Deserialize<T>(json, DistilJson.Options);
        }
        catch (NotSupportedException unknown) // an artifact whose kind is missing
        {
            throw new JsonException(unknown.Message, unknown);
        }
    }

    /// <summary>The error for a document or journal of another version.</summary>
    /// <param name="name">Its blob or file.</param>
    /// <param name="what">What shows the version.</param>
    public static InvalidInputException Refuse(string name, string what) =>
        new($"{name}: {what}: another version of distil wrote it; use that one, or a new run");

    /// <summary>Describes a version that is not the expected one.</summary>
    public static string Describe(long version, int expected) => $"version is {version}, expected {expected}";

    private static void Require(string name, int expected, long version)
    {
        if (version != expected)
        {
            throw Refuse(name, Describe(version, expected));
        }
    }

    /// <summary>Returns the number in a JSON object's <c>version</c>; null if it has none.</summary>
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

/// <summary>A document with its format version: <see cref="DocumentVersion.Current"/>.</summary>
public interface IVersionedDocument
{
    /// <value>The version; this program reads only its own.</value>
    int Version { get; }
}

/// <summary>A document that the steps of a run exchange; its version is <see cref="DocumentVersion.Pipeline"/>.</summary>
public interface IPipelineDocument : IVersionedDocument;
