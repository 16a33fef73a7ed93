using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Distil.Core.Errors;
using Microsoft.ML.Tokenizers;

namespace Distil.Trainer.Tokenization;

/// <summary>Byte-level BPE as a Hugging Face <c>tokenizer.json</c> describes it, with the same ids as the <c>tokenizers</c> library.</summary>
/// <remarks>
/// No special tokens are added around a text. Several threads may use an instance at once. Unpaired surrogates, which UTF-8 cannot represent, become U+FFFD.
/// </remarks>
public sealed class HuggingFaceTokenizer
{
    private const int CachedWords = 1 << 18;
    private const int CachedWordLength = 64;

    private readonly string _path;
    private readonly BpeTokenizer _merger;
    private readonly WordSplitter _splitter;
    private readonly AddedTokens _givenTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly bool _composes;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly byte[]?[] _bytes;
    private readonly int? _endOfText;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    private HuggingFaceTokenizer(string path, TokenizerJson json)
    {
        _path = path;
        _composes = json.Composes;
        _splitter = new WordSplitter(json.Steps);
        _merger = CreateMerger(path, json);
        _wholeWords = json.IgnoreMerges ? new(json.Vocabulary, StringComparer.Ordinal) : null;
        _givenTokens = new AddedTokens(json.AddedTokens.Where(token => !token.Normalized));
        _normalizedTokens = new AddedTokens(json.AddedTokens.Where(token => token.Normalized)
            .Select(token => _composes ? token with { Content = CanonicalComposition.Compose(token.Content) } : token));
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();

        VocabularySize = 1 + json.Vocabulary.Select(entry => entry.Value).Concat(json.AddedTokens.Select(token => token.Id)).Max();
        _bytes = new byte[]?[VocabularySize];
        foreach (var (token, id) in json.Vocabulary)
        {
            _bytes[id] = ByteAlphabet.BytesOf(token);
        }

        foreach (var token in json.AddedTokens)
        {
            _bytes[token.Id] = ByteAlphabet.BytesOf(token.Content);
        }

        _endOfText = EndOfTextToken.Find(path, json);
    }

    /// <value>The highest id plus one: the minimum size of a model's vocabulary.</value>
    public int VocabularySize { get; }

    /// <value>The token that ends a document, see <see cref="EndOfTextToken"/>.</value>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public int EndOfText => _endOfText ?? throw EndOfTextToken.Missing(_path);

    /// <value>Whether there is a token that ends a document.</value>
    public bool HasEndOfText => _endOfText is not null;

    /// <summary>Whether a token is the one that ends a document.</summary>
    public bool IsEndOfText(long id) => id == _endOfText;

    /// <summary>The bytes that a token represents; empty for an id without a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="fileOrFolder">A tokenizer.json, or the folder that contains it.</param>
    /// <exception cref="InvalidInputException">It is missing or malformed, or has a component that is not reproduced exactly.</exception>
    public static HuggingFaceTokenizer Load(string fileOrFolder)
    {
        var path = FileOf(fileOrFolder);
        return new HuggingFaceTokenizer(path, TokenizerJson.Read(path));
    }

    /// <summary>Whether a tokenizer exists there.</summary>
    public static bool IsIn(string fileOrFolder) => File.Exists(FileOf(fileOrFolder));

    /// <summary>Returns a text's token ids. Added tokens inside the text are found; none are added around it.</summary>
    public List<int> Encode(string text)
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

            var segment = text.Substring(given.Start, given.Length);
            EncodeSegment(_composes ? CanonicalComposition.Compose(segment) : segment, ids);
        }

        return ids;
    }

    /// <summary>Returns the text of some ids, special tokens included.</summary>
    /// <remarks>As in Hugging Face, bytes that are not UTF-8 become U+FFFD, and ids without a token become nothing.</remarks>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (var id in ids)
        {
            bytes.AddRange(BytesOf(id));
        }

        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    private static string FileOf(string fileOrFolder) => Directory.Exists(fileOrFolder) ? Path.Combine(fileOrFolder, "tokenizer.json") : fileOrFolder;

    private void EncodeSegment(string text, List<int> ids)
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
            words.Clear();
            _splitter.Split(plain, words);
            foreach (var (start, length) in words)
            {
                ids.AddRange(EncodeWord(plain.AsSpan(start, length)));
            }
        }
    }

    private int[] EncodeWord(ReadOnlySpan<char> word)
    {
        if (_cached.TryGetValue(word, out var ids))
        {
            return ids;
        }

        ids = _wholeWords is not null && _wholeWords.TryGetValue(ByteAlphabet.Spell(word), out var whole)
            ? [whole]
            : [.. _merger.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)];
        if (word.Length <= CachedWordLength && Volatile.Read(ref _cacheCount) < CachedWords && _cached.TryAdd(word, ids))
        {
            Interlocked.Increment(ref _cacheCount);
        }

        return ids;
    }

    private static BpeTokenizer CreateMerger(string path, TokenizerJson json)
    {
        var tokens = json.Vocabulary.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        if (ByteAlphabet.Sorted.FirstOrDefault(character => !tokens.Contains(character.ToString())) is var missing and not '\0')
        {
            throw new InvalidInputException($"{path}: model.vocab has no token '{missing}'; expected one for each of the 256 bytes");
        }

        foreach (var merge in json.Merges)
        {
            if (!tokens.Contains(merge.Replace(" ", "", StringComparison.Ordinal)))
            {
                throw new InvalidInputException($"{path}: model.merges: '{merge}' makes a token that is not in model.vocab");
            }
        }

        if (tokens.Count < json.Vocabulary.Count)
        {
            throw new InvalidInputException($"{path}: model.vocab has a token twice; expected each once");
        }

        try
        {
            return BpeTokenizer.Create(new BpeOptions(json.Vocabulary) { Merges = json.Merges, ByteLevel = true });
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            throw new InvalidInputException($"{path}: model.vocab and model.merges do not fit together: {error.Message}", error);
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
