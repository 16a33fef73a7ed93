using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Runs.Planning;

/// <summary>JSON that somebody else wrote.</summary>
internal static class JsonFile
{
    /// <summary>Parses a file whose document is an object.</summary>
    /// <exception cref="InvalidInputException">It is not.</exception>
    public static JsonDocument Parse(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var document = JsonDocument.Parse(file);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new JsonException("expected an object");
        }
        catch (JsonException wrong)
        {
            throw new InvalidInputException($"{path} is not JSON: {wrong.Message}", wrong);
        }
    }
}
