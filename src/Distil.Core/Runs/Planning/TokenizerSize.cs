using System.Text.Json;

namespace Distil.Core.Runs.Planning;

/// <summary>Counts the ids of a tokenizer.json.</summary>
internal static class TokenizerSize
{
    /// <summary>The largest id plus one; 0 if there is none.</summary>
    /// <exception cref="Errors.InvalidInputException">The file is not JSON, or not a tokenizer's.</exception>
    public static long Of(string path) => JsonFile.Read(path, Size);

    private static long Size(JsonElement tokenizer)
    {
        var ids = new List<long>();
        if (tokenizer.TryGetProperty("model", out var model) && model.TryGetProperty("vocab", out var vocabulary)
            && vocabulary.ValueKind == JsonValueKind.Object)
        {
            ids.AddRange(vocabulary.EnumerateObject().Select(entry => (long)entry.Value.GetInt32()));
        }

        if (tokenizer.TryGetProperty("added_tokens", out var added) && added.ValueKind == JsonValueKind.Array)
        {
            ids.AddRange(added.EnumerateArray().Select(token => (long)token.GetProperty("id").GetInt32()));
        }

        return ids.Count == 0 ? 0 : ids.Max() + 1;
    }
}
