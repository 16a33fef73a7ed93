using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json: Split, Digits and ByteLevel, alone or in a Sequence that ends in ByteLevel.</summary>
internal sealed class PreTokenizerReader(TokenizerFields fields)
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly List<SplitStep> _steps = [];
    private bool _bytes;

    /// <summary>The steps that split a text into words, in order.</summary>
    internal List<SplitStep> Read(JsonElement root)
    {
        Add(TokenizerFields.Optional(root, "pre_tokenizer") ?? throw fields.Unsupported("pre_tokenizer", "null", "one that ends in ByteLevel"));
        if (!_bytes)
        {
            throw fields.Unsupported("pre_tokenizer", "without ByteLevel", "one that ends in ByteLevel");
        }

        try
        {
            StandIns.Of(_steps);
            return _steps;
        }
        catch (ArgumentException e)
        {
            throw fields.Unsupported("pre_tokenizer", "a pattern that", $"another (it {e.Message})");
        }
    }

    private void Add(JsonElement step)
    {
        var type = fields.Type(step);
        if (_bytes)
        {
            throw fields.Unsupported("pre_tokenizer", $"{type} after ByteLevel", "ByteLevel last");
        }

        switch (type)
        {
            case "Sequence":
                foreach (var inner in fields.Require(step, "pretokenizers", JsonValueKind.Array).EnumerateArray())
                {
                    Add(inner);
                }

                break;
            case "Split":
                _steps.Add(ReadPattern(fields.Require(step, "pattern", JsonValueKind.Object), KeepsGaps(step)));
                break;
            case "Digits":
                _steps.Add(Pattern(TokenizerFields.Flag(step, "individual_digits") ? @"\p{N}" : @"\p{N}+", keepGaps: true));
                break;
            case "ByteLevel":
                _bytes = true;
                if (TokenizerFields.Flag(step, "add_prefix_space", otherwise: true))
                {
                    throw fields.Unsupported("pre_tokenizer.ByteLevel.add_prefix_space", "true", "false");
                }

                if (TokenizerFields.Flag(step, "use_regex", otherwise: true))
                {
                    _steps.Add(Pattern(Gpt2Pattern, keepGaps: true));
                }

                break;
            default:
                throw fields.Unsupported("pre_tokenizer", type, "Split, Digits, ByteLevel or a Sequence of them");
        }
    }

    private bool KeepsGaps(JsonElement split)
    {
        var behavior = fields.Require(split, "behavior", JsonValueKind.String).GetString();
        var invert = TokenizerFields.Flag(split, "invert");
        return behavior == "Isolated" || (behavior == "Removed" && invert
            ? false
            : throw fields.Unsupported("pre_tokenizer.Split.behavior", $"{behavior}, invert {invert}", "Isolated, or Removed with invert true"));
    }

    private SplitStep ReadPattern(JsonElement pattern, bool keepGaps) =>
        TokenizerFields.Optional(pattern, "Regex") is { } regex ? Pattern(regex.GetString()!, keepGaps)
        : TokenizerFields.Optional(pattern, "String") is { } literal ? Pattern(Quote(literal.GetString()!), keepGaps)
        : throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern.ToString(), "Regex or String");

    private static string Quote(string literal) =>
        string.Concat(literal.Select(character => char.IsLetterOrDigit(character) || character > '~' ? $"{character}" : $"\\x{{{(int)character:x}}}"));

    private SplitStep Pattern(string pattern, bool keepGaps)
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
