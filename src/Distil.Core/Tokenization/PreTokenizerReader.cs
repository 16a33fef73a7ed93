using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json: Split, Digits, ByteLevel and Metaspace, alone or in a Sequence.</summary>
internal sealed class PreTokenizerReader(TokenizerFields fields)
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly SplitReader _splits = new(fields);
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
                _steps.Add(_splits.Read(step));
                break;
            case "Metaspace" when _steps.Count == 0 && Metaspace is null:
                Metaspace = MetaspaceStep.Read(fields, step);
                if (TokenizerFields.Flag(step, "split", otherwise: true))
                {
                    _steps.Add(_splits.Merged(Metaspace.Replacement, previous: false));
                }

                break;
            case "Digits":
                _steps.Add(_splits.Pattern(TokenizerFields.Flag(step, "individual_digits") ? @"\p{N}" : @"\p{N}+", keepGaps: true));
                break;
            case "ByteLevel":
                _bytes = true;
                if (TokenizerFields.Flag(step, "add_prefix_space", otherwise: true))
                {
                    throw fields.Unsupported("pre_tokenizer.ByteLevel.add_prefix_space", "true", "false");
                }

                if (TokenizerFields.Flag(step, "use_regex", otherwise: true))
                {
                    _steps.Add(_splits.Pattern(Gpt2Pattern, keepGaps: true));
                }

                break;
            default:
                throw fields.Unsupported("pre_tokenizer", type, "Split, Digits, ByteLevel, Metaspace first, or a Sequence of them");
        }
    }
}
