using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json: Split, Digits, ByteLevel and Metaspace, alone or in a Sequence.</summary>
internal sealed class PreTokenizerReader(TokenizerFields fields)
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly List<SplitStep> _steps = [];
    private bool _bytes;

    /// <value>Spaces that become ▁ before the text is split; null for none.</value>
    internal MetaspaceStep? Metaspace { get; private set; }

    /// <summary>The steps that split a text into words, in order.</summary>
    /// <param name="root">The file.</param>
    /// <param name="ofBytes">Whether the tokens are spelled in bytes; else in characters.</param>
    internal List<SplitStep> Read(JsonElement root, bool ofBytes)
    {
        var step = TokenizerFields.Optional(root, "pre_tokenizer");
        if (ofBytes || step is not null)
        {
            Add(step ?? throw fields.Unsupported("pre_tokenizer", "null", "one that ends in ByteLevel"));
        }

        if (_bytes != ofBytes)
        {
            throw ofBytes
                ? fields.Unsupported("pre_tokenizer", "without ByteLevel", "one that ends in ByteLevel")
                : fields.Unsupported("pre_tokenizer", "ByteLevel", "none, Split or Metaspace, because decoder is not ByteLevel");
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
                _steps.Add(ReadSplit(fields.Require(step, "pattern", JsonValueKind.Object), step));
                break;
            case "Metaspace" when _steps.Count == 0 && Metaspace is null:
                Metaspace = MetaspaceStep.Read(fields, step);
                if (TokenizerFields.Flag(step, "split", otherwise: true))
                {
                    _steps.Add(Merged(Metaspace.Replacement, previous: false));
                }

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
                throw fields.Unsupported("pre_tokenizer", type, "Split, Digits, ByteLevel, Metaspace first, or a Sequence of them");
        }
    }

    private SplitStep ReadSplit(JsonElement pattern, JsonElement split)
    {
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
    private SplitStep Merged(char character, bool previous)
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
