using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json: Split, Digits and ByteLevel, alone or in a Sequence that ends in ByteLevel.</summary>
internal sealed class PreTokenizerReader(TokenizerFields fields)
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly SearchValues<string> ReadOtherwise = SearchValues.Create(["[:", "&&"], StringComparison.Ordinal);

    /// <summary>Maximum time of one match: some patterns take a time that grows exponentially with the text.</summary>
    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(1);

    private readonly List<SplitStep> _steps = [];
    private bool _bytes;

    /// <summary>The steps that split a text into words, in order.</summary>
    internal List<SplitStep> Read(JsonElement root)
    {
        Add(TokenizerFields.Optional(root, "pre_tokenizer") ?? throw fields.Unsupported("pre_tokenizer", "null", "one that ends in ByteLevel"));
        return _bytes ? _steps : throw fields.Unsupported("pre_tokenizer", "without ByteLevel", "one that ends in ByteLevel");
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
                _steps.Add(new SplitStep(ReadPattern(fields.Require(step, "pattern", JsonValueKind.Object)), KeepsGaps(step)));
                break;
            case "Digits":
                _steps.Add(new SplitStep(Pattern(TokenizerFields.Flag(step, "individual_digits") ? @"\p{N}" : @"\p{N}+"), KeepGaps: true));
                break;
            case "ByteLevel":
                _bytes = true;
                if (TokenizerFields.Flag(step, "add_prefix_space", otherwise: true))
                {
                    throw fields.Unsupported("pre_tokenizer.ByteLevel.add_prefix_space", "true", "false");
                }

                if (TokenizerFields.Flag(step, "use_regex", otherwise: true))
                {
                    _steps.Add(new SplitStep(Pattern(Gpt2Pattern), KeepGaps: true));
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

    private Regex ReadPattern(JsonElement pattern) =>
        TokenizerFields.Optional(pattern, "Regex") is { } regex ? Pattern(regex.GetString()!)
        : TokenizerFields.Optional(pattern, "String") is { } literal ? Pattern(Regex.Escape(literal.GetString()!))
        : throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern.ToString(), "Regex or String");

    private Regex Pattern(string pattern)
    {
        // Oniguruma interprets these differently from .NET, which would accept them without an error.
        if (pattern.AsSpan().ContainsAny(ReadOtherwise) || pattern.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern, "one without character-class algebra and characters outside the basic plane");
        }

        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, MaxTime);
        }
        catch (ArgumentException e)
        {
            throw fields.Unsupported("pre_tokenizer.Split.pattern", pattern, $"one that .NET can read ({e.Message})");
        }
    }
}
