using System.Collections.Concurrent;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>Encodes single words by BPE and caches the ids of short ones. Safe to use from several threads.</summary>
internal sealed class WordEncoder
{
    private const int CachedWords = 1 << 18;
    private const int CachedWordLength = 64;

    private readonly BpeMerger _merger;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly bool _ofBytes;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <param name="path">The tokenizer.json, for messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="InvalidInputException">Vocabulary and merges do not fit together.</exception>
    internal WordEncoder(string path, TokenizerJson json)
    {
        (_merger, _ofBytes) = (new BpeMerger(path, json), json.IsOfBytes);
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

        ids = _wholeWords is not null && _wholeWords.TryGetValue(_ofBytes ? ByteAlphabet.Spell(word) : word.ToString(), out var whole)
            ? [whole]
            : _merger.Merge(word, cancel);
        if (word.Length <= CachedWordLength && Volatile.Read(ref _cacheCount) < CachedWords && _cached.TryAdd(word, ids))
        {
            Interlocked.Increment(ref _cacheCount);
        }

        return ids;
    }
}
