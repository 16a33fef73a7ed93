using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Core.Errors;

namespace Distil.Trainer.Tokenization;

/// <summary>What Distil uses of a Hugging Face <c>tokenizer.json</c>. Reading it rejects, by name, every component that is not reproduced exactly.</summary>
internal sealed class TokenizerJson
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly string _path;

    private TokenizerJson(string path, JsonElement root)
    {
        _path = path;
        var model = Require(root, "model", JsonValueKind.Object);
        CheckModel(model);
        Vocabulary = [.. Require(model, "vocab", JsonValueKind.Object).EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Id(entry.Value, "model.vocab")))];
        Merges = [.. Require(model, "merges", JsonValueKind.Array).EnumerateArray().Select(Merge)];
        IgnoreMerges = Flag(model, "ignore_merges");
        AddedTokens = Optional(root, "added_tokens") is { } added ? [.. added.EnumerateArray().Select(Added)] : [];
        Composes = Optional(root, "normalizer") is { } normalizer && ReadNormalizer(normalizer);
        ReadPreTokenizer(Optional(root, "pre_tokenizer") ?? throw Unsupported("pre_tokenizer", "null", "one that ends in ByteLevel"));
        if (!_bytes)
        {
            throw Unsupported("pre_tokenizer", "without ByteLevel", "one that ends in ByteLevel");
        }

        CheckPostProcessor(root);
        CheckDecoder(root);
    }

    /// <value>Tokens, spelled in the byte alphabet, and their ids.</value>
    internal List<KeyValuePair<string, int>> Vocabulary { get; }

    /// <value>Pairs that merge, "left right", the first merging first.</value>
    internal List<string> Merges { get; }

    /// <value>Whether a word that is itself a token becomes it at once (Llama 3).</value>
    internal bool IgnoreMerges { get; }

    /// <value>Tokens found before the text is split.</value>
    internal List<AddedToken> AddedTokens { get; }

    /// <value>Whether text is brought to Unicode form C.</value>
    internal bool Composes { get; }

    /// <value>How text is split into words.</value>
    internal List<SplitStep> Steps { get; } = [];

    private bool _bytes;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidInputException">It is missing, is no JSON, or has a component that is not supported.</exception>
    internal static TokenizerJson Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var document = JsonDocument.Parse(file);
            return new TokenizerJson(path, document.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path}: does not exist; expected a Hugging Face tokenizer.json", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidInputException($"{path}: is not a well-formed tokenizer.json: {e.Message}", e);
        }
    }

    private void CheckModel(JsonElement model)
    {
        if (Optional(model, "type") is { } type && type.GetString() != "BPE")
        {
            throw Unsupported("model.type", type.GetString(), "BPE");
        }

        if (Flag(model, "byte_fallback"))
        {
            throw Unsupported("model.byte_fallback", "true", "false");
        }

        if (Optional(model, "dropout") is { } dropout && dropout.GetDouble() != 0)
        {
            throw Unsupported("model.dropout", dropout.ToString(), "null");
        }

        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (Optional(model, affix) is { } value && value.GetString() != "")
            {
                throw Unsupported($"model.{affix}", value.GetString(), "null");
            }
        }
    }

    private string Merge(JsonElement merge) => merge.ValueKind switch
    {
        JsonValueKind.String when merge.GetString()!.Count(c => c == ' ') == 1 => merge.GetString()!,
        JsonValueKind.Array when merge.GetArrayLength() == 2 && !merge[0].GetString()!.Contains(' ') && !merge[1].GetString()!.Contains(' ') => $"{merge[0]} {merge[1]}",
        _ => throw Unsupported("model.merges", merge.ToString(), "\"left right\" or [\"left\", \"right\"]"),
    };

    private AddedToken Added(JsonElement token) => new(
        Id(Require(token, "id", JsonValueKind.Number), "added_tokens.id"),
        Require(token, "content", JsonValueKind.String).GetString()!,
        Flag(token, "single_word"),
        Flag(token, "lstrip"),
        Flag(token, "rstrip"),
        // Hugging Face's own default: ordinary tokens are looked for in normalised text, special ones are not.
        Optional(token, "normalized") is { } normalized ? normalized.GetBoolean() : !Flag(token, "special"));

    private bool ReadNormalizer(JsonElement normalizer) => Type(normalizer) switch
    {
        "NFC" => true,
        "Sequence" => Require(normalizer, "normalizers", JsonValueKind.Array).EnumerateArray().Select(ReadNormalizer).ToList().Contains(true),
        var other => throw Unsupported("normalizer", other, "NFC or none"),
    };

    private void ReadPreTokenizer(JsonElement step)
    {
        var type = Type(step);
        if (_bytes)
        {
            throw Unsupported("pre_tokenizer", $"{type} after ByteLevel", "ByteLevel last");
        }

        switch (type)
        {
            case "Sequence":
                foreach (var inner in Require(step, "pretokenizers", JsonValueKind.Array).EnumerateArray())
                {
                    ReadPreTokenizer(inner);
                }

                break;
            case "Split":
                Steps.Add(new SplitStep(ReadPattern(Require(step, "pattern", JsonValueKind.Object)), KeepsGaps(step)));
                break;
            case "Digits":
                Steps.Add(new SplitStep(Pattern(Flag(step, "individual_digits") ? @"\p{N}" : @"\p{N}+"), KeepGaps: true));
                break;
            case "ByteLevel":
                _bytes = true;
                if (Flag(step, "add_prefix_space", otherwise: true))
                {
                    throw Unsupported("pre_tokenizer.ByteLevel.add_prefix_space", "true", "false");
                }

                if (Flag(step, "use_regex", otherwise: true))
                {
                    Steps.Add(new SplitStep(Pattern(Gpt2Pattern), KeepGaps: true));
                }

                break;
            default:
                throw Unsupported("pre_tokenizer", type, "Split, Digits, ByteLevel or a Sequence of them");
        }
    }

    private bool KeepsGaps(JsonElement split) => (Require(split, "behavior", JsonValueKind.String).GetString(), Flag(split, "invert")) switch
    {
        ("Isolated", _) => true,
        ("Removed", true) => false,
        var (behavior, invert) => throw Unsupported("pre_tokenizer.Split.behavior", $"{behavior}, invert {invert}", "Isolated, or Removed with invert true"),
    };

    private Regex ReadPattern(JsonElement pattern) =>
        Optional(pattern, "Regex") is { } regex ? Pattern(regex.GetString()!)
        : Optional(pattern, "String") is { } literal ? Pattern(Regex.Escape(literal.GetString()!))
        : throw Unsupported("pre_tokenizer.Split.pattern", pattern.ToString(), "Regex or String");

    private Regex Pattern(string pattern)
    {
        // Oniguruma reads these otherwise than .NET, which would take them without complaint.
        if (pattern.Contains("[:", StringComparison.Ordinal) || pattern.Contains("&&", StringComparison.Ordinal) || pattern.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            throw Unsupported("pre_tokenizer.Split.pattern", pattern, "one without character-class algebra and characters outside the basic plane");
        }

        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled);
        }
        catch (ArgumentException e)
        {
            throw Unsupported("pre_tokenizer.Split.pattern", pattern, $"one that .NET can read ({e.Message})");
        }
    }

    /// <summary>Post-processors add special tokens around a text; documents are encoded without, so that those which do only this are passed over.</summary>
    private void CheckPostProcessor(JsonElement root)
    {
        if (Optional(root, "post_processor") is not { } processor)
        {
            return;
        }

        var types = Type(processor) == "Sequence" ? Require(processor, "processors", JsonValueKind.Array).EnumerateArray().Select(Type) : [Type(processor)];
        if (types.FirstOrDefault(type => type is not ("ByteLevel" or "TemplateProcessing")) is { } other)
        {
            throw Unsupported("post_processor", other, "ByteLevel or TemplateProcessing");
        }
    }

    private void CheckDecoder(JsonElement root)
    {
        var type = Optional(root, "decoder") is { } decoder ? Type(decoder) : "null";
        if (type != "ByteLevel")
        {
            throw Unsupported("decoder", type, "ByteLevel");
        }
    }

    private string Type(JsonElement component) => Require(component, "type", JsonValueKind.String).GetString()!;

    private int Id(JsonElement value, string field) =>
        value.TryGetInt32(out var id) && id >= 0 ? id : throw Unsupported(field, value.ToString(), "ids of 0 and more");

    private JsonElement Require(JsonElement parent, string field, JsonValueKind kind) =>
        Optional(parent, field) is { } value && value.ValueKind == kind
            ? value
            : throw new InvalidInputException($"{_path}: {field} is missing or ill-typed; expected {kind.ToString().ToLowerInvariant()}");

    private static JsonElement? Optional(JsonElement parent, string field) =>
        parent.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool Flag(JsonElement parent, string field, bool otherwise = false) => Optional(parent, field)?.GetBoolean() ?? otherwise;

    private InvalidInputException Unsupported(string component, string? found, string expected) =>
        new($"{_path}: {component}: {found} is not supported; expected {expected}");
}
