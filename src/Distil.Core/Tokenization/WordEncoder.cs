using System.Collections.Concurrent;
using Distil.Core.Errors;
using Microsoft.ML.Tokenizers;

namespace Distil.Core.Tokenization;

/// <summary>Encodes single words by byte-level BPE and caches the ids of short ones. Safe to use from several threads.</summary>
internal sealed class WordEncoder
{
    private const int CachedWords = 1 << 18;
    private const int CachedWordLength = 64;

    private readonly BpeTokenizer _merger;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <param name="path">The tokenizer.json, for messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="InvalidInputException">Vocabulary and merges do not fit together.</exception>
    internal WordEncoder(string path, TokenizerJson json)
    {
        _merger = CreateMerger(path, json);
        _wholeWords = json.IgnoreMerges ? new(json.Vocabulary, StringComparer.Ordinal) : null;
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Returns the ids of a word.</summary>
    internal int[] Encode(ReadOnlySpan<char> word)
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
}
