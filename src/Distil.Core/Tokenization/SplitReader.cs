using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>Split</c> of a pre-tokenizer: its pattern and what becomes of what the pattern finds.</summary>
internal sealed class SplitReader(TokenizerFields fields)
{
    /// <summary>Reads a Split.</summary>
    internal SplitStep Read(JsonElement split)
    {
        var pattern = fields.Require(split, "pattern", JsonValueKind.Object);
        var behavior = fields.Require(split, "behavior", JsonValueKind.String).GetString();
        var invert = TokenizerFields.Flag(split, "invert");
        var literal = TokenizerFields.Optional(pattern, "String")?.GetString();
        return behavior switch
        {
            "Isolated" => ReadPattern(pattern, keepGaps: true),
            "Removed" when invert => ReadPattern(pattern, keepGaps: false),
            "MergedWithPrevious" or "MergedWithNext" when !invert && literal is [var character] && !char.IsSurrogate(character) =>
                Merged(character, behavior == "MergedWithPrevious"),
            _ => throw fields.Unsupported(
                "pre_tokenizer.Split.behavior", $"{behavior}, invert {invert}",
                "Isolated, Removed with invert true, or MergedWithPrevious or MergedWithNext of one character"),
        };
    }

    /// <summary>Words that end, or begin, at a character.</summary>
    internal SplitStep Merged(char character, bool previous)
    {
        var (one, others) = (Quote($"{character}"), $"[^{Quote($"{character}")}]*");
        return Pattern(previous ? others + one : one + others, keepGaps: true);
    }

    private SplitStep ReadPattern(JsonElement pattern, bool keepGaps) =>
        TokenizerFields.Optional(pattern, "Regex") is { } regex ? Pattern(regex.GetString()!, keepGaps)
        : TokenizerFields.Optional(pattern, "String") is { } literal ? Pattern(Quote(literal.GetString()!), keepGaps)
        : throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern.ToString(), "Regex or String");

    private static string Quote(string literal) =>
        string.Concat(literal.Select(character => char.IsLetterOrDigit(character) || character > '~' ? $"{character}" : $"\\x{{{(int)character:x}}}"));

    /// <summary>Words that a pattern finds; with <paramref name="keepGaps"/> also what is between them.</summary>
    internal SplitStep Pattern(string pattern, bool keepGaps)
    {
        try
        {
            return SplitStep.Of(pattern, keepGaps);
        }
        catch (ArgumentException e)
        {
            throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern, $"a pattern that means the same in .NET (it {e.Message})");
        }
    }
}
