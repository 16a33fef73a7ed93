using System.Runtime.InteropServices;
using System.Text;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>BPE of bytes or of characters (SentencePiece) as a Hugging Face <c>tokenizer.json</c> describes it, with the same ids as the <c>tokenizers</c>
/// library.</summary>
/// <remarks>
/// No special tokens are added around a text, except by <see cref="EncodePrompt"/>. Several threads may use an instance at once. Unpaired surrogates, which
/// UTF-8 cannot represent, become U+FFFD.
/// </remarks>
public sealed class HuggingFaceTokenizer
{
    private const int CharactersBetweenReports = 1 << 16;

    private readonly string _path;
    private readonly WordSplitter _splitter;
    private readonly AddedTokens _givenTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly TextNormalizer _normalizer;
    private readonly MetaspaceStep? _metaspace;
    private readonly bool[]? _standForBytes; // null if all do
    private readonly bool _stripsSpace;
    private readonly WordEncoder _encoder;
    private readonly byte[]?[] _bytes;
    private readonly int? _endOfText;

    internal HuggingFaceTokenizer(string path, TokenizerJson json)
    {
        _path = path;
        (_normalizer, _metaspace, _stripsSpace) = (json.Normalizer, json.Metaspace, json.StripsSpace);
        _splitter = new WordSplitter(json.Steps);
        _encoder = new WordEncoder(path, json);
        _givenTokens = new AddedTokens(json.AddedTokens.Where(token => !token.Normalized));
        _normalizedTokens = new AddedTokens(json.AddedTokens.Where(token => token.Normalized)
            .Select(token => token with { Content = _normalizer.Apply(token.Content) }));

        _addedById = json.AddedTokens.DistinctBy(token => token.Id).ToDictionary(token => token.Id);
        VocabularySize = json.Size;
        _bytes = new byte[]?[VocabularySize];
        _standForBytes = json.IsOfBytes ? null : new bool[VocabularySize];
        // As in Hugging Face, a token that is searched in normalised text is spelled as there.
        var added = json.AddedTokens.Select(token => KeyValuePair.Create(
            token.Normalized && !json.IsOfBytes ? _normalizer.Apply(token.Content) : token.Content, token.Id));
        foreach (var (token, id) in json.Vocabulary.Concat(added))
        {
            _bytes[id] = json.IsOfBytes ? ByteAlphabet.BytesOf(token) : PieceAlphabet.BytesOf(token);
            if (_standForBytes is not null)
            {
                _standForBytes[id] = PieceAlphabet.ByteOf(token) is not null;
            }
        }

        _endOfText = EndOfTextToken.Find(path, json);
        Beginning = BeginningToken.Find(json, Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, TokenizerSettings.FileName));
    }

    /// <value>The highest id plus one: the minimum size of a model's vocabulary.</value>
    public int VocabularySize { get; }

    /// <value>The token that ends a document, see <see cref="EndOfTextToken"/>.</value>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public int EndOfText => _endOfText ?? throw EndOfTextToken.Missing(_path);

    /// <value>Whether there is a token that ends a document.</value>
    public bool HasEndOfText => _endOfText is not null;

    /// <value>The token with which every text that the model reads begins, see <see cref="BeginningToken"/>; null if there is none.</value>
    public int? Beginning { get; }

    /// <summary>Whether a token begins or ends a document, so that it is not text.</summary>
    public bool IsBorder(long id) => id == _endOfText || id == Beginning;

    /// <summary>The bytes that a token represents; empty for an id without a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <summary>The added token of an id; null if it has none.</summary>
    public AddedToken? AddedOf(int id) => _addedById.GetValueOrDefault(id);

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="fileOrFolder">A tokenizer.json, or the folder that contains it.</param>
    /// <exception cref="InvalidInputException">It is missing or malformed, or has a component that is not reproduced exactly.</exception>
    public static HuggingFaceTokenizer Load(string fileOrFolder)
    {
        var path = FileOf(fileOrFolder);
        var json = TokenizerJson.Read(path);
        TokenizerSettings.Require(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, TokenizerSettings.FileName), json);
        return new HuggingFaceTokenizer(path, json);
    }

    /// <summary>Whether a tokenizer exists there.</summary>
    public static bool IsIn(string fileOrFolder) => File.Exists(FileOf(fileOrFolder));

    /// <summary>Returns a text's token ids. Added tokens inside the text are found; none are added around it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="progress">Receives the number of characters encoded since the last call, from time to time; null for none.</param>
    /// <param name="cancel">Stops at the next word, and within a long one.</param>
    public List<int> Encode(string text, Action<int>? progress = null, CancellationToken cancel = default)
    {
        text = WellFormed(text);
        var ids = new List<int>(text.Length / 3 + 1);
        foreach (var given in _givenTokens.Split(text))
        {
            if (given.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }

            EncodeSegment(_normalizer.Apply(text.Substring(given.Start, given.Length)), given.Start == 0, ids, progress, cancel);
        }

        return ids;
    }

    /// <summary>Returns the token ids of a text that a model is to read: those of <see cref="Encode"/>, with the <see cref="Beginning"/> before them if the text does not
    /// begin with it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancel">Stops at the next word, and within a long one.</param>
    public List<int> EncodePrompt(string text, CancellationToken cancel = default)
    {
        var ids = Encode(text, cancel: cancel);
        return Beginning is { } first && (ids.Count == 0 || ids[0] != first) ? [first, .. ids] : ids;
    }

    /// <summary>The form of a text whose tokens are those of the text, and give this form back: composed (NFC), if the tokenizer composes. A space
    /// that the tokenizer puts in front of a text is not in it.</summary>
    public string Normalize(string text) => _normalizer.Composes ? CanonicalComposition.Compose(WellFormed(text)) : WellFormed(text);

    /// <summary>Returns the text of some ids, special tokens included.</summary>
    /// <remarks>As in Hugging Face, bytes that are not UTF-8 become U+FFFD, and ids without a token become nothing.</remarks>
    public string Decode(ReadOnlySpan<int> ids)
    {
        if (_standForBytes is { } standFor)
        {
            return PieceAlphabet.Decode(
                ids.ToArray().Where(id => (uint)id < (uint)_bytes.Length && _bytes[id] is not null).Select(id => (_bytes[id]!, standFor[id])), _stripsSpace);
        }

        var bytes = new List<byte>(ids.Length * 4);
        foreach (var id in ids)
        {
            bytes.AddRange(BytesOf(id));
        }

        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    private static string FileOf(string fileOrFolder) => Directory.Exists(fileOrFolder) ? Path.Combine(fileOrFolder, "tokenizer.json") : fileOrFolder;

    private void EncodeSegment(string text, bool isFirst, List<int> ids, Action<int>? progress, CancellationToken cancel)
    {
        var words = new List<Word>();
        foreach (var segment in _normalizedTokens.Split(text))
        {
            if (segment.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }

            var plain = segment.Length == text.Length ? text : text.Substring(segment.Start, segment.Length);
            plain = _metaspace?.Apply(plain, isFirst && segment.Start == 0) ?? plain;
            words.Clear();
            _splitter.Split(plain, words);
            var reported = 0;
            foreach (var (start, length) in words)
            {
                cancel.ThrowIfCancellationRequested();
                ids.AddRange(_encoder.Encode(plain.AsSpan(start, length), cancel));
                if (start - reported >= CharactersBetweenReports)
                {
                    progress?.Invoke(start - reported);
                    reported = start;
                }
            }

            progress?.Invoke(plain.Length - reported);
        }
    }

    private static string WellFormed(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        var runes = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            runes.Append(rune.ToString());
        }

        return runes.ToString();
    }
}
