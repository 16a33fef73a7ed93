using System.Collections.Concurrent;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>Encodes single words by byte-level BPE and caches the ids of short ones. Safe to use from several threads.</summary>
internal sealed class WordEncoder
{
    private const int CachedWords = 1 << 18;
    private const int CachedWordLength = 64;

    private readonly BpeMerger _merger;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <param name="path">The tokenizer.json, for messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="InvalidInputException">Vocabulary and merges do not fit together.</exception>
    internal WordEncoder(string path, TokenizerJson json)
    {
        _merger = new BpeMerger(path, json);
        _wholeWords = json.IgnoreMerges ? new(json.Vocabulary, StringComparer.Ordinal) : null;
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Returns the ids of a word.</summary>
    /// <param name="word">Well-formed UTF-16.</param>
    /// <param name="cancel">Stops the merging of a long word.</param>
    internal int[] Encode(ReadOnlySpan<char> word, CancellationToken cancel)
    {
        if (_cached.TryGetValue(word, out var ids))
        {
            return ids;
        }

        ids = _wholeWords is not null && _wholeWords.TryGetValue(ByteAlphabet.Spell(word), out var whole)
            ? [whole]
            : _merger.Merge(word, cancel);
        if (word.Length <= CachedWordLength && Volatile.Read(ref _cacheCount) < CachedWords && _cached.TryAdd(word, ids))
        {
            Interlocked.Increment(ref _cacheCount);
        }

        return ids;
    }
}
