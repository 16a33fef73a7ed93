using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>A token that is found in the text before it is split into words (<c>added_tokens</c> of tokenizer.json).</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it is found only if no word character is next to it.</param>
/// <param name="LeftStrip">Whether it includes the white space before it.</param>
/// <param name="RightStrip">Whether it includes the white space after it.</param>
/// <param name="Normalized">Whether it is searched in the normalised text instead of the original text.</param>
public sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized)
{
    /// <summary>Reads a token's fields.</summary>
    /// <param name="token">The JSON object.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="InvalidOperationException">A field has another type.</exception>
    /// <exception cref="KeyNotFoundException">It has no content.</exception>
    internal static AddedToken Read(JsonElement token, int id) => new(
        id,
        token.GetProperty("content").GetString() ?? throw new InvalidOperationException("content is null; expected a string"),
        TokenizerFields.Flag(token, "single_word"),
        TokenizerFields.Flag(token, "lstrip"),
        TokenizerFields.Flag(token, "rstrip"),
        // Hugging Face's own default: ordinary tokens are searched in normalised text, special ones are not.
        TokenizerFields.Flag(token, "normalized", otherwise: !TokenizerFields.Flag(token, "special")));
}
