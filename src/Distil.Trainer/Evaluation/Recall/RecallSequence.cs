using Distil.Core.Documents.Evaluations;
using Distil.Inference.Randomness;

namespace Distil.Trainer.Evaluation.Recall;

/// <summary>A sequence of random tokens, some of which can be known because they occurred before.</summary>
/// <param name="Tokens">The end-of-text token, then the sequence.</param>
/// <param name="Answers">Indices of the tokens that can be known from those before them.</param>
/// <param name="Candidates">The possible answers: the values of pairs, or all tokens that are copied.</param>
internal sealed record RecallSequence(long[] Tokens, int[] Answers, long[] Candidates)
{
    /// <summary>Number of distinct tokens that a sequence needs.</summary>
    public static int DistinctTokens(int length) => length / 4 * 2;

    /// <summary>Creates a sequence.</summary>
    /// <param name="kind">The kind of test.</param>
    /// <param name="length">Tokens after the end-of-text token, ≥ 8; rounded down to what the pairs or halves fill.</param>
    /// <param name="vocabulary">Distinct tokens to draw from, at least <see cref="DistinctTokens"/> of this length.</param>
    /// <param name="endOfText">The token before the sequence, as before any document.</param>
    /// <param name="random">The generator, which is advanced.</param>
    public static RecallSequence Make(RecallKind kind, int length, IReadOnlyList<long> vocabulary, long endOfText, ref SplitMix64 random)
    {
        var pairs = length / 4;
        var drawn = Shuffled(vocabulary, ref random)[..(2 * pairs)];
        return kind == RecallKind.Associative ? Pairs(drawn, pairs, endOfText, ref random) : Twice(drawn, endOfText);
    }

    /// <summary>Creates the sequences of a length, the same for every model.</summary>
    public static IReadOnlyList<RecallSequence> MakeAll(RecallKind kind, int length, int count, RecallTokens tokens, int seed)
    {
        var random = SplitMix64.At(unchecked(((ulong)(uint)seed << 32) ^ ((ulong)(uint)length << 1) ^ (ulong)kind));
        var sequences = new List<RecallSequence>(count);
        for (var i = 0; i < count; i++)
        {
            sequences.Add(Make(kind, length, tokens.Vocabulary, tokens.First, ref random));
        }

        return sequences;
    }

    private static RecallSequence Pairs(long[] drawn, int pairs, long endOfText, ref SplitMix64 random)
    {
        var order = Shuffled([.. Enumerable.Range(0, pairs).Select(i => (long)i)], ref random);
        long[] tokens = [endOfText, .. drawn, .. order.SelectMany(i => new[] { drawn[2 * i], drawn[(2 * i) + 1] })];
        return new RecallSequence(
            tokens,
            [.. Enumerable.Range(0, pairs).Select(i => (2 * pairs) + (2 * i) + 2)],
            [.. Enumerable.Range(0, pairs).Select(i => drawn[(2 * i) + 1])]);
    }

    // The first token of the repetition cannot be known, because nothing shows that the repetition begins.
    private static RecallSequence Twice(long[] drawn, long endOfText) =>
        new([endOfText, .. drawn, .. drawn], [.. Enumerable.Range(drawn.Length + 2, drawn.Length - 1)], drawn);

    private static long[] Shuffled(IReadOnlyList<long> items, ref SplitMix64 random)
    {
        long[] shuffled = [.. items];
        for (var i = shuffled.Length - 1; i > 0; i--)
        {
            var other = random.Below(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled;
    }
}
