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
        var merges = new BpeModelReader(_fields);
        merges.Check(model);
        Vocabulary = [.. _fields.Require(model, "vocab", JsonValueKind.Object).EnumerateObject()
            .Select(entry => KeyValuePair.Create(entry.Name, _fields.Id(entry.Value, "model.vocab")))];
        Merges = [.. _fields.Require(model, "merges", JsonValueKind.Array).EnumerateArray().Select(merges.Merge)];
        IgnoreMerges = TokenizerFields.Flag(model, "ignore_merges");
        AddedTokens = TokenizerFields.Optional(root, "added_tokens") is { } added
            ? [.. added.EnumerateArray().Select(Added).Where(token => token.Content.Length > 0).Distinct()] // as Hugging Face ignores them
            : [];
        Normalizer = new TextNormalizer(_fields, TokenizerFields.Optional(root, "normalizer"));
        (IsOfBytes, StripsSpace) = new DecoderReader(_fields).Read(root);
        if (IsOfBytes == TokenizerFields.Flag(model, "byte_fallback"))
        {
            throw _fields.Unsupported("model.byte_fallback", IsOfBytes ? "true" : "false", IsOfBytes ? "false with ByteLevel" : "true without ByteLevel");
        }

        var words = new PreTokenizerReader(_fields);
        (Steps, Metaspace) = (words.Read(root, IsOfBytes), words.Metaspace);
        VocabularyChecks.Require(_fields, this);
        BeginningOfTemplate = BeginningToken.OfPostProcessor(_fields, root, Size);
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
    public bool IsOfBytes { get; }

    /// <summary>The token of a byte.</summary>
    internal string TokenOf(byte value) => IsOfBytes ? ByteAlphabet.Character(value).ToString() : PieceAlphabet.Token(value);

    /// <value>Whether a space at the start of a decoded text is dropped.</value>
    public bool StripsSpace { get; }

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

    private AddedToken Added(JsonElement token)
    {
        var id = _fields.Id(_fields.Require(token, "id", JsonValueKind.Number), "added_tokens.id");
        _fields.Require(token, "content", JsonValueKind.String);
        return AddedToken.Read(token, id);
    }
}
