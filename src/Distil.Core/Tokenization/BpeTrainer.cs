using System.Runtime.InteropServices;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>Learns a byte-level BPE vocabulary with Qwen2's pre-tokenizer and NFC (Sennrich et al., arXiv 1508.07909).</summary>
/// <remarks>The most frequent pair is merged first; of equally frequent pairs the one of lower ids, as in Hugging Face's trainer, so the same text gives the
/// same file.</remarks>
public sealed class BpeTrainer
{
    /// <summary>Qwen2's words: contractions, letters after at most one sign, single digits, signs, line ends, spaces.</summary>
    internal const string WordPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The only special token, id 0: it ends a document.</summary>
    internal const string EndOfText = "<|endoftext|>";

    /// <summary>A pair that occurs once is not merged.</summary>
    private const long MinCount = 2;

    private readonly List<string> _tokens = [EndOfText];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(string Left, string Right)> _merges = [];
    private readonly List<int[]> _words = [];
    private readonly List<long> _wordCounts = [];
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _pairWords = [];
    private readonly PriorityQueue<(int Left, int Right), (long NegativeCount, int Left, int Right)> _queue = new();

    private BpeTrainer()
    {
        foreach (var character in ByteAlphabet.Sorted)
        {
            _ids[character.ToString()] = _tokens.Count;
            _tokens.Add(character.ToString());
        }
    }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="documents">The text; read once.</param>
    /// <param name="vocabularySize">Target number of tokens, ≥ 257: the bytes and the end-of-text token. The result has fewer if no more pairs of the text
    /// repeat.</param>
    /// <exception cref="InvalidInputException">The size is too small, or there is no text.</exception>
    public static TrainedVocabulary Train(IEnumerable<string> documents, int vocabularySize)
    {
        var trainer = new BpeTrainer();
        if (vocabularySize < trainer._tokens.Count)
        {
            throw new InvalidInputException($"vocab: {vocabularySize} is too small; expected at least {trainer._tokens.Count}, the 256 bytes and {EndOfText}");
        }

        trainer.CountWords(documents);
        while (trainer._tokens.Count < vocabularySize && trainer.MergeNext())
        {
        }

        return new TrainedVocabulary(trainer._tokens, trainer._merges);
    }

    private void CountWords(IEnumerable<string> documents)
    {
        var splitter = new WordSplitter([SplitStep.Of(WordPattern, keepGaps: true)]);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var bySpan = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var words = new List<Word>();
        foreach (var document in documents)
        {
            var text = CanonicalComposition.Compose(document);
            words.Clear();
            splitter.Split(text, words);
            foreach (var (start, length) in words)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(bySpan, text.AsSpan(start, length), out _)++;
            }
        }

        if (counts.Count == 0)
        {
            throw new InvalidInputException("input: there is no text to learn a vocabulary from");
        }

        foreach (var (word, count) in counts)
        {
            _words.Add([.. ByteAlphabet.Spell(word).Select(character => _ids[character.ToString()])]);
            _wordCounts.Add(count);
            CountPairs(_words.Count - 1, 1);
        }

        foreach (var (pair, count) in _pairCounts)
        {
            Enqueue(pair, count);
        }
    }

    private bool MergeNext()
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            // Counts change after a pair is queued; an entry is valid only if it has the pair's present count.
            if (_pairCounts.GetValueOrDefault(pair) == -priority.NegativeCount)
            {
                Merge(pair);
                return true;
            }
        }

        return false;
    }

    private void Merge((int Left, int Right) pair)
    {
        var token = _tokens[pair.Left] + _tokens[pair.Right];
        if (!_ids.TryGetValue(token, out var id))
        {
            id = _ids[token] = _tokens.Count;
            _tokens.Add(token);
        }

        _merges.Add((_tokens[pair.Left], _tokens[pair.Right]));
        var changed = new HashSet<(int, int)>();
        foreach (var word in _pairWords[pair].ToArray())
        {
            changed.UnionWith(PairsOf(_words[word]));
            CountPairs(word, -1);
            _words[word] = Replace(_words[word], pair, id);
            CountPairs(word, 1);
            changed.UnionWith(PairsOf(_words[word]));
        }

        foreach (var other in changed)
        {
            Enqueue(other, _pairCounts[other]);
        }
    }

    private void CountPairs(int word, int sign)
    {
        foreach (var pair in PairsOf(_words[word]))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += sign * _wordCounts[word];
            ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairWords, pair, out _);
            words ??= [];
            _ = sign > 0 ? words.Add(word) : words.Remove(word);
        }
    }

    private void Enqueue((int Left, int Right) pair, long count)
    {
        if (count >= MinCount)
        {
            _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
    }

    private static IEnumerable<(int, int)> PairsOf(int[] word)
    {
        for (var i = 1; i < word.Length; i++)
        {
            yield return (word[i - 1], word[i]);
        }
    }

    private static int[] Replace(int[] word, (int Left, int Right) pair, int id)
    {
        var merged = new List<int>(word.Length);
        for (var i = 0; i < word.Length; i++)
        {
            var matches = i + 1 < word.Length && (word[i], word[i + 1]) == pair;
            merged.Add(matches ? id : word[i]);
            i += matches ? 1 : 0;
        }

        return [.. merged];
    }
}
