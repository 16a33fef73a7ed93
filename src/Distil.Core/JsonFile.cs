using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core;

/// <summary>Reads JSON that another program wrote.</summary>
internal static class JsonFile
{
    /// <summary>Reads a file whose document is an object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Extracts what is needed; a value of another type than it expects is an error like a syntax error.</param>
    /// <exception cref="InvalidInputException">The file is missing, is no JSON object, or differs from what is expected.</exception>
    public static T Read<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            InputFile.RequireRegular(path);
            using var file = File.OpenRead(path);
            using var document = JsonDocument.Parse(file);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : throw new JsonException("expected an object");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{path} is not JSON{(wrong is JsonException ? "" : " of the kind that is expected")}: {wrong.Message}", wrong);
        }
    }
}
