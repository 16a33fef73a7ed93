namespace Distil.Core.Tokenization;

/// <summary>Whether the parts of a vocabulary fit together.</summary>
internal static class VocabularyChecks
{
    /// <exception cref="Errors.InvalidInputException">They do not, or an added token would have another id in Hugging Face's tokenizers.</exception>
    public static void Require(TokenizerFields fields, TokenizerJson json)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (token, id) in json.Vocabulary)
        {
            if (!ids.TryAdd(token, id))
            {
                throw fields.Wrong("model.vocab has a token twice; expected each once");
            }
        }

        if (Bytes(json).FirstOrDefault(token => !ids.ContainsKey(token)) is { } missing)
        {
            throw fields.Wrong($"model.vocab has no token '{missing}'; expected one for each of the 256 bytes");
        }

        foreach (var merge in json.Merges)
        {
            if (!ids.ContainsKey(merge.Replace(" ", "", StringComparison.Ordinal)))
            {
                throw fields.Wrong($"model.merges: '{merge}' makes a token that is not in model.vocab");
            }
        }

        RequireAddedIds(fields, json, ids);
        RequireNoWhiteSpaceThatIsTakenTwice(fields, json);
    }

    private static IEnumerable<string> Bytes(TokenizerJson json) => json.IsOfBytes
        ? ByteAlphabet.Sorted.Select(character => character.ToString())
        : Enumerable.Range(0, 256).Select(PieceAlphabet.Token);

    // If one token strips the white space in which another one is found that strips to its left, the library ends with a panic.
    private static void RequireNoWhiteSpaceThatIsTakenTwice(TokenizerFields fields, TokenizerJson json)
    {
        foreach (var token in json.AddedTokens.Where(token => token.LeftStrip && !token.RightStrip && string.IsNullOrWhiteSpace(token.Content)))
        {
            if (json.AddedTokens.Any(other => other.RightStrip && other.Normalized == token.Normalized))
            {
                throw fields.Unsupported(
                    "added_tokens", $"white space with lstrip beside a token with rstrip (id {token.Id})",
                    "one of the two without it: Hugging Face's tokenizers end in a panic");
            }
        }
    }

    // The library ignores the ids in the file: a token of the vocabulary keeps its id, and the others get the next ones.
    private static void RequireAddedIds(TokenizerFields fields, TokenizerJson json, Dictionary<string, int> ids)
    {
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        var next = ids.Count;
        foreach (var token in json.AddedTokens)
        {
            var expected = ids.TryGetValue(token.Content, out var known) ? known : next;
            if (!added.TryAdd(token.Content, expected))
            {
                throw fields.Unsupported("added_tokens", $"{token.Content} twice, in two ways,", "each token once");
            }

            if (token.Id != expected)
            {
                throw fields.Unsupported(
                    "added_tokens", $"{token.Content} with id {token.Id}",
                    $"{expected}, the id that Hugging Face's tokenizers give it, whatever the file says");
            }

            next = Math.Max(next, expected + 1);
        }
    }
}
