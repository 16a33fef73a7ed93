using CsCheck;
using Distil.Core.Tokenization;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

/// <summary>The merger gives what the definition of BPE gives, in a time that grows little faster than the word.</summary>
public sealed class BpeMergerTests
{
    private static readonly string Path = System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json");
    private static readonly TokenizerJson Json = TokenizerJson.Read(Path);
    private static readonly BpeMerger Merger = new(Path, Json);
    private static readonly string Long = string.Concat(Enumerable.Repeat("thereandher", 90_000));

    [Fact]
    public void Merges_as_the_definition_says() =>
        Gen.OneOf(
            Gen.String[Gen.Char['a', 'e'], 0, 60], Gen.String[Gen.Char[' ', 'z'], 0, 40],
            Gen.OneOf("the", "her", "é", "你", "  ").Array[0, 30].Select(string.Concat))
            .Each(word => Assert.Equal(Naive(word), Merger.Merge(word, CancellationToken.None)), count: 2_000);

    [Fact]
    public void A_word_of_a_million_bytes_is_merged_at_once()
    {
        // Scanning for the lowest rank after each merge would take hours.
        var lengths = Json.Vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key.Length);
        var ids = Merger.Merge(Long, CancellationToken.None);
        Assert.Equal(Long.Length, ids.Sum(id => lengths[id]));
        Assert.InRange(ids.Length, 1, Long.Length / 2);
    }

    [Fact]
    public void A_long_word_can_be_cancelled() =>
        Assert.Throws<OperationCanceledException>(() => Merger.Merge(Long, new CancellationToken(canceled: true)));

    /// <summary>The definition: the pair of the lowest rank, the leftmost of equal ones, is merged until none is left.</summary>
    private static int[] Naive(string word)
    {
        var ids = Json.Vocabulary.ToDictionary(entry => entry.Key, entry => entry.Value);
        var ranks = Json.Merges.Select((merge, rank) => (merge, rank)).ToDictionary(pair => pair.merge, pair => pair.rank);
        var pieces = ByteAlphabet.Spell(word).Select(character => character.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(pieces.Count - 1, 0))
                .Select(at => (Rank: ranks.TryGetValue($"{pieces[at]} {pieces[at + 1]}", out var rank) ? rank : int.MaxValue, At: at))
                .DefaultIfEmpty((Rank: int.MaxValue, At: 0)).Min();
            if (best.Rank == int.MaxValue)
            {
                return [.. pieces.Select(piece => ids[piece])];
            }

            pieces[best.At] += pieces[best.At + 1];
            pieces.RemoveAt(best.At + 1);
        }
    }
}
