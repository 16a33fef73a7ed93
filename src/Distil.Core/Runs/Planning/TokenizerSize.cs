using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Runs.Planning;

/// <summary>Checks the number of ids of a tokenizer.json.</summary>
internal static class TokenizerSize
{
    /// <summary>Throws unless every id has a row in the model's embedding.</summary>
    /// <exception cref="InvalidInputException">An id has no row.</exception>
    public static void RequireAtMost(string path, int vocabularySize)
    {
        var size = JsonFile.Read(path, Size);
        if (size > vocabularySize)
        {
            throw new InvalidInputException($"{path} has ids up to {size - 1}; config.json (vocab_size {vocabularySize}) allows {vocabularySize - 1}");
        }
    }

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
