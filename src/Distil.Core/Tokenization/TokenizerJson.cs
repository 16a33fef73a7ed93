using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>The parts of a Hugging Face <c>tokenizer.json</c> that Distil uses. Reading rejects, by name, every component that is not reproduced
/// exactly.</summary>
public sealed class TokenizerJson
{
    private readonly TokenizerFields _fields;

    private TokenizerJson(string path, JsonElement root)
    {
        _fields = new TokenizerFields(path);
        var model = _fields.Require(root, "model", JsonValueKind.Object);
        CheckModel(model);
        Vocabulary = [.. _fields.Require(model, "vocab", JsonValueKind.Object).EnumerateObject()
            .Select(entry => KeyValuePair.Create(entry.Name, _fields.Id(entry.Value, "model.vocab")))];
        Merges = [.. _fields.Require(model, "merges", JsonValueKind.Array).EnumerateArray().Select(Merge)];
        IgnoreMerges = TokenizerFields.Flag(model, "ignore_merges");
        AddedTokens = TokenizerFields.Optional(root, "added_tokens") is { } added
            ? [.. added.EnumerateArray().Select(Added).Where(token => token.Content.Length > 0).Distinct()] // as Hugging Face ignores them
            : [];
        Normalizer = new TextNormalizer(_fields, TokenizerFields.Optional(root, "normalizer"));
        ReadDecoder(root);
        if (IsOfBytes == TokenizerFields.Flag(model, "byte_fallback"))
        {
            throw _fields.Unsupported("model.byte_fallback", IsOfBytes ? "true" : "false", IsOfBytes ? "false with ByteLevel" : "true without ByteLevel");
        }

        var words = new PreTokenizerReader(_fields);
        (Steps, Metaspace) = (words.Read(root, IsOfBytes), words.Metaspace);
        VocabularyChecks.Require(_fields, this);
        BeginningOfTemplate = ReadPostProcessor(root);
    }

    /// <value>Tokens with their ids, spelled in the byte alphabet or, unless <see cref="IsOfBytes"/>, in characters.</value>
    public IReadOnlyList<KeyValuePair<string, int>> Vocabulary { get; }

    /// <value>Pairs to merge, as "left right", in order of priority.</value>
    public IReadOnlyList<string> Merges { get; }

    /// <value>Whether a word that is itself a token is encoded as that token without merging (Llama 3).</value>
    public bool IgnoreMerges { get; }

    /// <value>The token that the post-processor puts before a text; null if it puts none there.</value>
    internal int? BeginningOfTemplate { get; }

    /// <value>Tokens that are found before the text is split.</value>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <value>Whether tokens are spelled in bytes (ByteLevel); else in characters, with tokens for single bytes (SentencePiece).</value>
    public bool IsOfBytes { get; private set; }

    /// <summary>The token of a byte.</summary>
    internal string TokenOf(byte value) => IsOfBytes ? ByteAlphabet.Character(value).ToString() : PieceAlphabet.Token(value);

    /// <value>Whether a space at the start of a decoded text is dropped.</value>
    public bool StripsSpace { get; private set; }

    /// <value>Spaces that become ▁ before the text is split; null for none.</value>
    public MetaspaceStep? Metaspace { get; }

    /// <value>Whether a text begins with a ▁ that is not in it.</value>
    public bool Prepends => Normalizer.Prepends || Metaspace is { Prepends: not MetaspacePrefix.Never };

    /// <value>How text is normalised.</value>
    internal TextNormalizer Normalizer { get; }

    /// <value>The steps that split text into words.</value>
    public IReadOnlyList<SplitStep> Steps { get; }

    /// <value>The highest id plus one: the minimum size of a model's vocabulary.</value>
    public int Size => 1 + Vocabulary.Select(entry => entry.Value).Concat(AddedTokens.Select(token => token.Id)).Max();

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="name">Its name in messages, for instance the URL that it was fetched from; null for its path.</param>
    /// <exception cref="InvalidInputException">It is missing, is no JSON, or has an unsupported component.</exception>
    public static TokenizerJson Read(string path, string? name = null)
    {
        name ??= path;
        try
        {
            InputFile.RequireRegular(path);
            using var file = File.OpenRead(path);
            using var document = JsonDocument.Parse(file);
            return new TokenizerJson(name, document.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{name}: does not exist; expected a Hugging Face tokenizer.json", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{name}: {(GitLfs.IsPointer(path) ? GitLfs.Advice : $"is not a well-formed tokenizer.json: {e.Message}")}", e);
        }
    }

    private void CheckModel(JsonElement model)
    {
        if (TokenizerFields.Optional(model, "type") is { } type && type.GetString() != "BPE")
        {
            throw _fields.Unsupported("model.type", type.GetString(), "BPE");
        }

        if (TokenizerFields.Optional(model, "dropout") is { } dropout && dropout.GetDouble() != 0)
        {
            throw _fields.Unsupported("model.dropout", dropout.ToString(), "null");
        }

        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (TokenizerFields.Optional(model, affix) is { } value && value.GetString() != "")
            {
                throw _fields.Unsupported($"model.{affix}", value.GetString(), "null");
            }
        }
    }

    private string Merge(JsonElement merge) => merge.ValueKind switch
    {
        JsonValueKind.String when merge.GetString()!.Count(c => c == ' ') == 1 => merge.GetString()!,
        JsonValueKind.Array when merge.GetArrayLength() == 2 && merge.EnumerateArray().All(IsPlain) => $"{merge[0]} {merge[1]}",
        _ => throw _fields.Unsupported("model.merges", merge.ToString(), "\"left right\" or [\"left\", \"right\"]"),
    };

    private static bool IsPlain(JsonElement part) => part.ValueKind == JsonValueKind.String && !part.GetString()!.Contains(' ');

    private AddedToken Added(JsonElement token)
    {
        var id = _fields.Id(_fields.Require(token, "id", JsonValueKind.Number), "added_tokens.id");
        _fields.Require(token, "content", JsonValueKind.String);
        return AddedToken.Read(token, id);
    }

    /// <summary>Post-processors add special tokens around a text: of these, only one before it is used.</summary>
    private int? ReadPostProcessor(JsonElement root)
    {
        if (TokenizerFields.Optional(root, "post_processor") is not { } processor)
        {
            return null;
        }

        JsonElement[] parts = _fields.Type(processor) == "Sequence"
            ? [.. _fields.Require(processor, "processors", JsonValueKind.Array).EnumerateArray()]
            : [processor];
        if (parts.Select(_fields.Type).FirstOrDefault(type => type is not ("ByteLevel" or "TemplateProcessing")) is { } other)
        {
            throw _fields.Unsupported("post_processor", other, "ByteLevel or TemplateProcessing");
        }

        var templates = parts.Where(part => _fields.Type(part) == "TemplateProcessing");
        var beginning = templates.Select(part => BeginningToken.OfTemplate(_fields, part)).FirstOrDefault(id => id is not null);
        return beginning is null || beginning < Size
            ? beginning
            : throw _fields.Unsupported("post_processor.special_tokens.ids", $"{beginning}", $"a token, below {Size}");
    }

    /// <summary>ByteLevel, or ▁ to space, bytes, and the whole without the space at its start.</summary>
    private void ReadDecoder(JsonElement root)
    {
        var decoder = TokenizerFields.Optional(root, "decoder");
        var type = decoder is { } given ? _fields.Type(given) : "null";
        IsOfBytes = type == "ByteLevel";
        if (IsOfBytes)
        {
            return;
        }

        var steps = type == "Sequence" ? _fields.Require(decoder!.Value, "decoders", JsonValueKind.Array).EnumerateArray().ToArray() : [];
        StripsSpace = steps.Length == 4 && IsStrip(steps[3]);
        if (steps.Length != (StripsSpace ? 4 : 3) || !IsSpace(steps[0]) || _fields.Type(steps[1]) != "ByteFallback" || _fields.Type(steps[2]) != "Fuse")
        {
            throw _fields.Unsupported("decoder", type, "ByteLevel, or a Sequence of Replace (▁ by a space), ByteFallback, Fuse and, if any, Strip of one space at the start");
        }
    }

    private bool IsSpace(JsonElement step) => _fields.Type(step) == "Replace" && step.GetProperty("content").ValueEquals(" ")
        && TokenizerFields.Optional(step.GetProperty("pattern"), "String") is { } from && from.ValueEquals($"{PieceAlphabet.Space}");

    private bool IsStrip(JsonElement step) => _fields.Type(step) == "Strip" && step.GetProperty("content").ValueEquals(" ")
        && step.GetProperty("start").GetInt32() == 1 && step.GetProperty("stop").GetInt32() == 0;
}
