using Distil.Core.Documents.Evaluations;
using Distil.Inference.Randomness;
using Distil.Trainer.Evaluation.Recall;

namespace Distil.Trainer.Tests.Evaluation.Recall;

public sealed class RecallSequenceTests
{
    private static readonly long[] Vocabulary = [.. Enumerable.Range(10, 40).Select(id => (long)id)];

    [Fact]
    public void Each_key_comes_again_and_its_value_is_the_answer()
    {
        var sequence = Make(RecallKind.Associative, 24);
        var tokens = sequence.Tokens;
        Assert.Equal(25, tokens.Length);
        Assert.Equal(7, tokens[0]);
        Assert.Equal(12, tokens[1..13].Distinct().Count());
        var values = Enumerable.Range(0, 6).ToDictionary(i => tokens[1 + (2 * i)], i => tokens[2 + (2 * i)]);
        Assert.Equal(6, sequence.Answers.Length);
        Assert.All(sequence.Answers, answer => Assert.Equal(values[tokens[answer - 1]], tokens[answer]));
        Assert.Equal(values.Values.Order(), sequence.Candidates.Order());
    }

    [Fact]
    public void A_copy_is_known_from_its_second_token_on()
    {
        var sequence = Make(RecallKind.Copy, 16);
        Assert.Equal(17, sequence.Tokens.Length);
        Assert.Equal(sequence.Tokens[1..9], sequence.Tokens[9..]);
        Assert.Equal(Enumerable.Range(10, 7), sequence.Answers);
    }

    private static RecallSequence Make(RecallKind kind, int length)
    {
        var random = SplitMix64.At(3);
        return RecallSequence.Make(kind, length, Vocabulary, 7, ref random);
    }
}
