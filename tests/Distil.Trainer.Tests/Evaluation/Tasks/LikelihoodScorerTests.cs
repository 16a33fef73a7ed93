using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Evaluation.Tasks;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Evaluation.Tasks;

public sealed class LikelihoodScorerTests
{
    private const int Vocabulary = 23;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(8, 512)]
    public void Equal_to_a_dense_computation_text_by_text_for_any_batch_and_chunk(int batchRows, int chunkPositions)
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        ScoredText[] texts =
        [
            new([1, 2, 3, 4], 2), new([1, 2, 3, 5], 1), new([1, 2, 3, 4], 2), new([7, 8], 1), new([9, 10, 11, 12, 13, 14, 15], 6), new([1, 2, 3, 6], 3),
        ];

        var scores = new LikelihoodScorer(model, new EvaluationOptions { BatchRows = batchRows, ChunkPositions = chunkPositions })
            .Score(texts, cancel: TestContext.Current.CancellationToken);

        foreach (var (text, score) in texts.Zip(scores))
        {
            Assert.Equal(Dense(model, text), score, 1e-4);
        }
    }

    [Fact]
    public void Texts_that_differ_in_their_last_token_alone_are_read_once()
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        new LikelihoodScorer(model, new EvaluationOptions()).Score(
            [new([1, 2, 3, 4], 1), new([1, 2, 3, 5], 1), new([1, 2, 3, 6], 1)], cancel: TestContext.Current.CancellationToken);
        Assert.Equal(3, model.MaxPositions);
    }

    [Fact]
    public void A_context_and_its_continuation_are_split_where_the_harness_splits_them()
    {
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));
        Assert.Equal(Ids("The cat sat"), ScoredText.Of(tokenizer, "The cat", " sat").Tokens);
        Assert.Equal(Ids("The cat sat").Length - Ids("The cat").Length, ScoredText.Of(tokenizer, "The cat", " sat").Scored);
        // A context's last spaces belong to the continuation.
        Assert.Equivalent(ScoredText.Of(tokenizer, "The cat", "  sat"), ScoredText.Of(tokenizer, "The cat ", " sat"));

        var empty = ScoredText.Of(tokenizer, "", "The cat");
        Assert.Equal([tokenizer.EndOfText, .. Ids("The cat")], empty.Tokens);
        Assert.Equal(Ids("The cat").Length, empty.Scored);

        long[] Ids(string text) => [.. tokenizer.Encode(text).Select(id => (long)id)];
    }

    [Fact]
    public void A_text_too_long_for_a_model_loses_its_beginning_and_the_last_token_need_not_be_read()
    {
        var text = new ScoredText([1, 2, 3, 4, 5, 6], 2);
        Assert.Same(text, text.Within(5));
        Assert.Equal([3, 4, 5, 6], text.Within(3).Tokens);
        Assert.Equal(1, text.Within(1).Scored);
    }

    private static double Dense(DecayModel model, ScoredText text)
    {
        using var scope = NewDisposeScope();
        long[] ids = [.. text.Tokens];
        var logits = model.Forward(tensor(ids, 1, ids.Length))[0].matmul(model.HeadWeight.t()).to_type(float64).log_softmax(-1);
        return Enumerable.Range(ids.Length - text.Scored, text.Scored).Sum(s => logits[s - 1, ids[s]].item<double>());
    }
}
